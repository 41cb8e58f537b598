/* The four formats, byte for byte. */
#include "cli/output.h"

#include <string.h>

static const char rows_text[] = "[{'name':'s','sku':{'capacity':3},'ok':true,'nothing':null,'tags':['a','b'],"
                                "'statuses':[{'code':'ProvisioningState/succeeded'},{'code':'PowerState/running'}]},"
                                "{'name':'\xe6\x97\xa5\xe6\x9c\xac','sku':{'capacity':10},'ok':false,'text':'1.0\\n\\u001b["
                                "31mx\\ty'}]";

static const Column columns[] = {
    { "Name", "name" },
    { "N", "sku.capacity" },
    { "Ok", "ok|-" },
    { "Power", "statuses[PowerState]|none" },
    { "Tags", "tags" },
    { "Text", "text" },
    { 0 },
};

static char *
written(const char *text, const Column *shown, OutputFormat format)
{
    g_autofree char *quoted = g_strdelimit(g_strdup(text), "'", '"');
    g_autoptr(json_t) value = json_loads(quoted, JSON_DECODE_ANY, NULL);
    char *out = NULL;
    size_t length;
    g_assert_nonnull(value);
    FILE *stream = open_memstream(&out, &length);
    output_write(stream, value, shown, format);
    fclose(stream);
    return out;
}

static void
table(void)
{
    g_autofree char *text = written(rows_text, columns, OUTPUT_TABLE);
    g_assert_cmpstr(text, ==,
                    "Name  N   Ok     Power    Tags  Text\n"
                    "----  --  -----  -------  ----  -------\n"
                    "s     3   true   running  a; b  \n"
                    "\xe6\x97\xa5\xe6\x9c\xac  10  false  none           1.0 x y\n");
}

static void
part_of_an_id(void)
{
    static const Column parts[] = { { "ResourceGroup", "id/resourceGroups" },
                                    { "Set", "id/virtualMachineScaleSets|-" },
                                    { 0 } };
    static const char rows[] = "[{'id':'/subscriptions/1/resourcegroups/G/providers/P/virtualMachineScaleSets/s'},"
                               "{'id':'/subscriptions/1/resourceGroups'},{'name':'x'}]";
    g_autofree char *text = written(rows, parts, OUTPUT_TSV);
    g_assert_cmpstr(text, ==, "G\ts\n\t-\n\t-\n");
}

static void
tsv(void)
{
    g_autofree char *text = written(rows_text, columns, OUTPUT_TSV);
    g_assert_cmpstr(text, ==,
                    "s\t3\ttrue\trunning\ta; b\t\n"
                    "\xe6\x97\xa5\xe6\x9c\xac\t10\tfalse\tnone\t\t1.0 \x1b[31mx y\n");
}

static void
json(void)
{
    g_autofree char *text = written("{'b':1,'a':{'c':[true,null]}}", columns, OUTPUT_JSON);
    g_assert_cmpstr(text, ==, "{\n  \"b\": 1,\n  \"a\": {\n    \"c\": [\n      true,\n      null\n    ]\n  }\n}\n");
}

static void
yaml_keeps_texts_texts(void)
{
    g_autofree char *text = written("{'version':'1.0','on':'true','n':3,'list':[{'a':null}],'empty':{}}", NULL, OUTPUT_YAML);
    g_assert_cmpstr(text, ==,
                    "version: \"1.0\"\n"
                    "on: \"true\"\n"
                    "n: 3\n"
                    "list:\n"
                    "- a: null\n"
                    "empty: {}\n");
}

static void
an_object_is_a_table_of_one_row(void)
{
    g_autofree char *text = written("{'name':'s','sku':{'capacity':1},'ok':true}", NULL, OUTPUT_TABLE);
    g_assert_cmpstr(text, ==, "name  ok\n----  ----\ns     true\n");
}

static void
an_empty_list_is_a_header_alone(void)
{
    static const Column one[] = { { "Name", "name" }, { 0 } };
    g_autofree char *shown = written("[]", one, OUTPUT_TABLE), *tabs = written("[]", one, OUTPUT_TSV);
    g_assert_cmpstr(shown, ==, "Name\n----\n");
    g_assert_cmpstr(tabs, ==, "");
}

static void
formats_are_named(void)
{
    OutputFormat format;
    g_autoptr(GError) error = NULL;
    g_assert_true(output_format_parse("YAML", &format, NULL));
    g_assert_cmpint(format, ==, OUTPUT_YAML);
    g_assert_false(output_format_parse("xml", &format, &error));
    g_assert_error(error, ARM_ERROR, ARM_INVALID_PARAMETER);
    g_assert_nonnull(strstr(error->message, "table, json, tsv or yaml"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/output/table", table);
    g_test_add_func("/output/tsv", tsv);
    g_test_add_func("/output/part_of_an_id", part_of_an_id);
    g_test_add_func("/output/json", json);
    g_test_add_func("/output/yaml_keeps_texts_texts", yaml_keeps_texts_texts);
    g_test_add_func("/output/an_object_is_a_table_of_one_row", an_object_is_a_table_of_one_row);
    g_test_add_func("/output/an_empty_list_is_a_header_alone", an_empty_list_is_a_header_alone);
    g_test_add_func("/output/formats_are_named", formats_are_named);
    return g_test_run();
}
