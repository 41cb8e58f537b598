/* The catalogue of sizes and the quota: what is shipped is true, and what an operator gets wrong is named. */
#include "base/error.h"
#include "base/file.h"
#include "model/sizes.h"

#include <string.h>

#define FILE_MAX (1 << 20)

static char *
shipped(const char *name, gsize *ret_length)
{
    GError *error = NULL;
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", name, NULL);
    char *text = file_read(path, FILE_MAX, ret_length, &error);
    g_assert_no_error(error);
    return text;
}

static SizeCatalogue *
shipped_sizes(void)
{
    GError *error = NULL;
    gsize length;
    g_autofree char *text = shipped("sizes.json", &length);
    SizeCatalogue *catalogue = size_catalogue_parse(text, length, &error);
    g_assert_no_error(error);
    return catalogue;
}

/* Source: Azure's size pages and Microsoft.Compute/skus. Trusted launch where `generations` has 2 and it is not disabled. */
/* clang-format off */
static const struct {
    const char *name, *family;
    guint vcpus, memory_mib, disks;
    const char *generations;    /* "1", "2", "12" */
    const char *architecture;
    gboolean disabled;
} known[] = {
    { "Basic_A1", "basicAFamily", 1, 1792, 2, "1", "x64", TRUE },
    { "Standard_A1", "standardA0_A7Family", 1, 1792, 2, "1", "x64", TRUE },
    { "Standard_A1_v2", "standardAv2Family", 1, 2048, 2, "1", "x64", TRUE },
    { "Standard_B1s", "standardBSFamily", 1, 1024, 2, "12", "x64", FALSE },
    { "Standard_B1ms", "standardBSFamily", 1, 2048, 2, "12", "x64", FALSE },
    { "Standard_B2ms", "standardBSFamily", 2, 8192, 4, "12", "x64", FALSE },
    { "Standard_B2s_v2", "standardBsv2Family", 2, 8192, 4, "12", "x64", FALSE },
    { "Standard_B2pls_v2", "standardBpsv2Family", 2, 4096, 4, "2", "Arm64", FALSE },
    { "Standard_D2_v2", "standardDv2Family", 2, 7168, 8, "1", "x64", TRUE },
    { "Standard_DS2_v2", "standardDSv2Family", 2, 7168, 8, "12", "x64", FALSE },
    { "Standard_D2_v3", "standardDv3Family", 2, 8192, 4, "1", "x64", TRUE },
    { "Standard_D2s_v3", "standardDSv3Family", 2, 8192, 4, "12", "x64", FALSE },
    { "Standard_D4s_v5", "standardDSv5Family", 4, 16384, 8, "12", "x64", FALSE },
    { "Standard_D2ps_v5", "standardDPSv5Family", 2, 8192, 4, "2", "Arm64", TRUE },
    { "Standard_D2pds_v5", "standardDPDSv5Family", 2, 8192, 4, "2", "Arm64", TRUE },
    { "Standard_D2pls_v5", "standardDPLSv5Family", 2, 4096, 4, "2", "Arm64", TRUE },
    { "Standard_D2plds_v5", "standardDPLDSv5Family", 2, 4096, 4, "2", "Arm64", TRUE },
    { "Standard_D2s_v6", "StandardDsv6Family", 2, 8192, 8, "2", "x64", FALSE },
    { "Standard_D2ps_v6", "StandardDpsv6Family", 2, 8192, 8, "2", "Arm64", FALSE },
    { "Standard_D2pls_v6", "StandardDplsv6Family", 2, 4096, 8, "2", "Arm64", FALSE },
    { "Standard_E4s_v5", "standardESv5Family", 4, 32768, 8, "12", "x64", FALSE },
    { "Standard_E2bs_v5", "standardEBSv5Family", 2, 16384, 4, "12", "x64", FALSE },
    { "Standard_E2ps_v6", "StandardEpsv6Family", 2, 16384, 8, "2", "Arm64", FALSE },
    { "Standard_F2s_v2", "standardFSv2Family", 2, 4096, 4, "12", "x64", FALSE },
    { "Standard_FX4mds", "standardFXMDVSFamily", 4, 86016, 8, "12", "x64", FALSE },
    { "Standard_L8s_v3", "standardLSv3Family", 8, 65536, 16, "12", "x64", FALSE },
    { "Standard_M8ms", "standardMSFamily", 8, 224000, 8, "12", "x64", TRUE },
    { "Standard_NC6", "standardNCFamily", 6, 57344, 24, "1", "x64", TRUE },
    { "Standard_NC4as_T4_v3", "Standard NCASv3_T4 Family", 4, 28672, 8, "12", "x64", FALSE },
    { "Standard_ND40rs_v2", "standardNDSv2Family", 40, 688128, 8, "12", "x64", FALSE },
    { "Standard_ND96asr_v4", "Standard NDASv4_A100 Family", 96, 921600, 16, "2", "x64", TRUE },
    { "Standard_ND96amsr_A100_v4", "Standard NDAMSv4_A100Family", 96, 1945600, 16, "2", "x64", TRUE },
    { "Standard_NV6", "standardNVFamily", 6, 57344, 24, "1", "x64", TRUE },
    { "Standard_NV12s_v3", "standardNVSv3Family", 12, 114688, 12, "12", "x64", FALSE },
    { "Standard_NP10s", "standardNPSFamily", 10, 172032, 8, "1", "x64", TRUE },
    { "Standard_HB120rs_v3", "standardHBv3Family", 120, 458752, 32, "12", "x64", FALSE },
    { "Standard_HC44rs", "standardHCSFamily", 44, 360448, 4, "12", "x64", FALSE },
    { "Standard_HX176rs", "standardHXFamily", 176, 1441792, 32, "12", "x64", FALSE },
};
/* clang-format on */

static void
test_known_sizes(void)
{
    g_autoptr(SizeCatalogue) catalogue = shipped_sizes();
    g_assert_cmpuint(size_catalogue_count(catalogue), >=, 60);
    for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
        const SizeInfo *size = size_catalogue_find(catalogue, known[i].name);
        g_test_message("%s", known[i].name);
        g_assert_nonnull(size);
        guint generations = (strchr(known[i].generations, '1') ? SIZE_GENERATION_V1 : 0) |
                            (strchr(known[i].generations, '2') ? SIZE_GENERATION_V2 : 0);
        g_assert_cmpstr(size->family, ==, known[i].family);
        g_assert_cmpuint(size->vcpus, ==, known[i].vcpus);
        g_assert_cmpuint(size->memory_mib, ==, known[i].memory_mib);
        g_assert_cmpuint(size->max_data_disks, ==, known[i].disks);
        g_assert_cmpuint(size->generations, ==, generations);
        g_assert_cmpstr(size->architecture, ==, known[i].architecture);
        g_assert_cmpint(size->trusted_launch_disabled, ==, known[i].disabled);
    }
}

/* The families that trusted launch knows and does not know, as patterns over the names. */
static void
test_families(void)
{
    /* clang-format off */
    static const struct {
        const char *pattern;
        gboolean supported;
    } families[] = {
        { "^(Basic|Standard)_A", FALSE }, { "^Standard_B", TRUE }, { "^Standard_D[0-9]+(_v[23])?$", FALSE },
        { "^Standard_DS[0-9]+_v2$", TRUE }, { "^Standard_D[0-9]+[ad]*s_v[3456]$", TRUE }, { "^Standard_D[0-9]+p[a-z]+_v5$", FALSE },
        { "^Standard_D[0-9]+pl?s_v6$", TRUE }, { "^Standard_(DC|EC)", FALSE }, { "^Standard_E[0-9]", TRUE }, { "^Standard_FX?[0-9]", TRUE },
        { "^Standard_L", TRUE }, { "^Standard_M", FALSE }, { "^Standard_(NC6|NV6|NP10s)$", FALSE }, { "^Standard_NC.*_v[234]$", TRUE },
        { "^Standard_ND96", FALSE }, { "^Standard_NV.*_v[345]$", TRUE }, { "^Standard_H", TRUE },
    };
    /* clang-format on */
    g_autoptr(SizeCatalogue) catalogue = shipped_sizes();
    for (guint k = 0; k < G_N_ELEMENTS(families); k++) {
        guint seen = 0;
        for (guint i = 0; i < size_catalogue_count(catalogue); i++) {
            const SizeInfo *size = size_catalogue_at(catalogue, i);
            if (!g_regex_match_simple(families[k].pattern, size->name, 0, 0))
                continue;
            seen++;
            g_test_message("%s", size->name);
            g_assert_cmpint(!size->trusted_launch_disabled && !size->confidential &&
                                (size->generations & SIZE_GENERATION_V2) != 0,
                            ==, families[k].supported);
        }
        g_assert_cmpuint(seen, >, 0);
    }
}

static void
test_every_family_has_a_quota(void)
{
    GError *error = NULL;
    gsize length;
    g_autofree char *text = shipped("quota.json", &length);
    g_autoptr(Quota) quota = quota_parse(text, length, &error);
    g_assert_no_error(error);
    g_autoptr(SizeCatalogue) catalogue = shipped_sizes();
    for (guint i = 0; i < size_catalogue_count(catalogue); i++) {
        const SizeInfo *size = size_catalogue_at(catalogue, i);
        g_test_message("%s", size->family);
        g_assert_cmpuint(quota_family_limit(quota, size->family), <, G_MAXUINT);
    }
    g_assert_cmpuint(quota_family_limit(quota, "noSuchFamily"), ==, G_MAXUINT);
}

/* ---- an operator's file ---- */

#define ONE(members)                                                                                                           \
    "{'sizes': [{'name': 'S1', 'tier': 'Standard', 'size': 'S1', 'family': 'f', 'capabilities': {" members "}}]}"
#define GOOD "'vCPUs': '1', 'MemoryGB': '2', 'MaxDataDiskCount': '4', 'HyperVGenerations': 'V1,V2'"

static SizeCatalogue *
parse_sizes(const char *text, GError **error)
{
    g_autofree char *json = g_strdelimit(g_strdup(text), "'", '"');
    return size_catalogue_parse(json, strlen(json), error);
}

static void
test_size_files_refused(void)
{
    /* clang-format off */
    static const struct {
        const char *text, *words;
    } cases[] = {
        { "", "JSON" },
        { "[]", "'sizes'" },
        { "{'sizes': []}", "at least one" },
        { "{'sizes': [7]}", "#1|'name'" },
        { "{'sizes': [{'name': 'S1'}]}", "'S1'|'tier'" },
        { "{'sizes': [{'name': 'S1', 'tier': 'T', 'size': 'S', 'family': 'f'}]}", "'S1'|'capabilities'" },
        { ONE("'vCPUs': 1"), "'S1'|'vCPUs'|a text" },
        { ONE("'vCPUs': '0'"), "'vCPUs'|from 1 to 4096" },
        { ONE("'vCPUs': '1.5'"), "'vCPUs'|whole" },
        { ONE("'vCPUs': '1'"), "'MemoryGB'" },
        { ONE("'vCPUs': '1', 'MemoryGB': '0'"), "'MemoryGB'|0.0625" },
        { ONE("'vCPUs': '1', 'MemoryGB': 'nan'"), "'MemoryGB'" },
        { ONE("'vCPUs': '1', 'MemoryGB': '2GB'"), "'MemoryGB'" },
        { ONE("'vCPUs': '1', 'MemoryGB': '2', 'MaxDataDiskCount': '65'"), "'MaxDataDiskCount'|64" },
        { ONE("'vCPUs': '1', 'MemoryGB': '2', 'MaxDataDiskCount': '4'"), "'HyperVGenerations'|V1,V2" },
        { ONE("'vCPUs': '1', 'MemoryGB': '2', 'MaxDataDiskCount': '4', 'HyperVGenerations': 'V3'"), "'HyperVGenerations'" },
        { ONE(GOOD ", 'CpuArchitectureType': 'riscv'"), "'CpuArchitectureType'|Arm64" },
        { ONE(GOOD ", 'TrustedLaunchDisabled': 'Yes'"), "'TrustedLaunchDisabled'|True" },
        { ONE(GOOD ", 'MaxResourceVolumeMB': 'much'"), "'MaxResourceVolumeMB'" },
        { "{'sizes': [{'name': 'S1', 'tier': 'T', 'size': 'S', 'family': 'f', 'capabilities': {" GOOD "}}, {'name': 's1', 'tier': 'T', 'size': 'S', 'family': 'f', "
          "'capabilities': {" GOOD "}}]}", "'s1'|twice" },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(GStrv) words = g_strsplit(cases[i].words, "|", -1);
        g_autofree char *message = NULL;
        g_test_message("%s", cases[i].text);
        g_assert_null(parse_sizes(cases[i].text, &error));
        message = g_strdelimit(g_strdup(error->message), "\"", '\'');
        for (char **word = words; *word; word++) {
            if (!strstr(message, *word))
                g_error("no %s in: %s", *word, message);
        }
    }
}

static void
test_size_file_accepted(void)
{
    GError *error = NULL;
    g_autoptr(SizeCatalogue) catalogue =
        parse_sizes(ONE(GOOD ", 'TrustedLaunchDisabled': 'False', 'AnythingElse': 'kept'"), &error);
    g_assert_no_error(error);
    const SizeInfo *size = size_catalogue_find(catalogue, "s1");
    g_assert_nonnull(size);
    g_assert_cmpstr(size->architecture, ==, "x64");
    g_assert_cmpuint(size->resource_disk_mib, ==, 0);
    g_assert_false(size->trusted_launch_disabled);
    g_assert_cmpstr(json_string_value(json_object_get(size->capabilities, "AnythingElse")), ==, "kept");
    g_assert_null(size_catalogue_find(catalogue, "S2"));
}

static void
test_quota_files(void)
{
#define TOTALS "'regionalCores': {'limit': 1}, 'virtualMachines': {'limit': 2}, 'virtualMachineScaleSets': {'limit': 3}"
    /* clang-format off */
    static const struct {
        const char *text, *target;      /* target NULL: accepted */
    } cases[] = {
        { "{" TOTALS "}", NULL },
        { "{" TOTALS ", 'families': {'f': {'limit': 0}}}", NULL },
        { "{'regionalCores': {'limit': 1}}", "virtualMachines" },
        { "{'regionalCores': 7}", "regionalCores" },
        { "{'regionalCores': {'limit': '7'}}", "regionalCores" },
        { "{'regionalCores': {'limit': -1}}", "regionalCores" },
        { "{'regionalCores': {'limit': 2147483648}}", "regionalCores" },
        { "{" TOTALS ", 'families': []}", "families" },
        { "{" TOTALS ", 'families': {'f': {'limt': 0}}}", "f" },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *json = g_strdelimit(g_strdup(cases[i].text), "'", '"');
        g_autoptr(Quota) quota = quota_parse(json, strlen(json), &error);
        g_test_message("%s", cases[i].text);
        g_assert_true((quota != NULL) == (cases[i].target == NULL));
        if (error)
            g_assert_cmpstr(arm_error_target(error), ==, cases[i].target);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/shipped/known-sizes", test_known_sizes);
    g_test_add_func("/shipped/families", test_families);
    g_test_add_func("/shipped/every-family-has-a-quota", test_every_family_has_a_quota);
    g_test_add_func("/file/sizes-refused", test_size_files_refused);
    g_test_add_func("/file/sizes-accepted", test_size_file_accepted);
    g_test_add_func("/file/quota", test_quota_files);
    return g_test_run();
}
