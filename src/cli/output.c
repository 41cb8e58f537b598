#include "cli/output.h"

#include "cli/guest_text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

gboolean
output_format_parse(const char *text, OutputFormat *ret_format, GError **error)
{
    static const char *const words[] = { "table", "json", "tsv", "yaml" };
    if (!text) {
        *ret_format = isatty(STDOUT_FILENO) ? OUTPUT_TABLE : OUTPUT_JSON;
        return TRUE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        if (g_ascii_strcasecmp(text, words[i]) == 0) {
            *ret_format = (OutputFormat)i;
            return TRUE;
        }
    }
    return arm_fail(error, ARM_INVALID_PARAMETER, "output", "--output is table, json, tsv or yaml, not '%s'.", text);
}

/* ---- cells ---- */

static const json_t *
entry_by_code(const json_t *list, const char *prefix)
{
    size_t i;
    json_t *entry;
    json_array_foreach((json_t *)list, i, entry)
    {
        const char *code = json_member_text(entry, "code");
        if (code && g_str_has_prefix(code, prefix) && code[strlen(prefix)] == '/')
            return entry;
    }
    return NULL;
}

static char *
plain_text(const json_t *value)
{
    if (!value || json_is_null(value))
        return g_strdup("");
    if (json_is_string(value))
        return g_strdup(json_string_value(value));
    if (json_is_array(value)) {
        GString *text = g_string_new(NULL);
        for (size_t i = 0; i < json_array_size(value); i++) {
            g_autofree char *one = plain_text(json_array_get(value, i));
            g_string_append_printf(text, "%s%s", i > 0 ? "; " : "", one);
        }
        return g_string_free(text, FALSE);
    }
    return json_text(value);
}

static char *
id_part(const char *id, const char *name)
{
    g_auto(GStrv) parts = g_strsplit(id ? id : "", "/", -1);
    for (char **part = parts; *part && part[1]; part++) {
        if (g_ascii_strcasecmp(*part, name) == 0)
            return g_strdup(part[1]);
    }
    return g_strdup("");
}

static char *
path_text(const json_t *object, const char *path)
{
    const char *bracket = strchr(path, '['), *slash = strchr(path, '/');
    g_autofree char *id_path = slash ? g_strndup(path, (gsize)(slash - path)) : NULL;
    if (slash)
        return id_part(json_string_value(json_path(object, id_path)), slash + 1);
    if (!bracket)
        return plain_text(json_path(object, path));
    g_autofree char *list_path = g_strndup(path, (gsize)(bracket - path));
    g_autofree char *prefix = g_strndup(bracket + 1, strcspn(bracket + 1, "]"));
    const json_t *entry = entry_by_code(json_path(object, list_path), prefix);
    const char *code = json_member_text(entry, "code");
    return g_strdup(code ? code + strlen(prefix) + 1 : "");
}

static char *
cell_text(const json_t *object, const char *column_path)
{
    const char *bar = strchr(column_path, '|');
    g_autofree char *path = bar ? g_strndup(column_path, (gsize)(bar - column_path)) : NULL;
    char *text = path_text(object, path ? path : column_path);
    if (!bar || *text)
        return text;
    g_free(text);
    return g_strdup(bar + 1);
}

/* One line, and nothing in it that a terminal would obey: a cell may hold a guest's words. */
static char *
cell_line(const json_t *object, const char *column_path)
{
    g_autofree char *text = cell_text(object, column_path);
    GString *line = g_string_new(NULL);
    guest_text_add(&(GuestText){ 0 }, text, strlen(text), line);
    return g_strdelimit(g_string_free(line, FALSE), "\t\n", ' ');
}

/* Columns of objects that have none of their own: the plain members of the first. */
static Column *
columns_of(const json_t *rows)
{
    GArray *columns = g_array_new(TRUE, TRUE, sizeof(Column));
    const char *name;
    json_t *value;
    json_object_foreach(json_array_get(rows, 0), name, value)
    {
        Column column = { name, name };
        if (!json_is_object(value) && !json_is_array(value))
            g_array_append_val(columns, column);
    }
    return (Column *)g_array_free(columns, FALSE);
}

static gsize
width_of(const char *text)
{
    glong width = 0;
    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        gunichar character = g_utf8_get_char_validated(p, -1);
        width += g_unichar_iszerowidth(character) ? 0 : g_unichar_iswide(character) ? 2 : 1;
    }
    return (gsize)width;
}

static void
cell_print(FILE *stream, const char *text, gsize width, gboolean last)
{
    fputs(text, stream);
    for (gsize i = width_of(text); !last && i < width + 2; i++)
        putc(' ', stream);
}

static void
table_print(FILE *stream, const json_t *rows, const Column *columns)
{
    guint n = 0;
    while (columns[n].header)
        n++;
    g_autofree gsize *widths = g_new0(gsize, n + 1);
    g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < n; i++)
        widths[i] = strlen(columns[i].header);
    for (size_t row = 0; row < json_array_size(rows); row++) {
        for (guint i = 0; i < n; i++) {
            char *text = cell_line(json_array_get(rows, row), columns[i].path);
            widths[i] = MAX(widths[i], width_of(text));
            g_ptr_array_add(cells, text);
        }
    }
    for (guint i = 0; i < n; i++)
        cell_print(stream, columns[i].header, widths[i], i + 1 == n);
    putc('\n', stream);
    for (guint i = 0; i < n; i++) {
        g_autofree char *line = g_strnfill(widths[i], '-');
        cell_print(stream, line, widths[i], i + 1 == n);
    }
    putc('\n', stream);
    for (guint i = 0; i < cells->len; i++) {
        cell_print(stream, g_ptr_array_index(cells, i), widths[i % n], (i + 1) % n == 0);
        if ((i + 1) % n == 0)
            putc('\n', stream);
    }
}

static void
tsv_print(FILE *stream, const json_t *rows, const Column *columns)
{
    for (size_t row = 0; row < json_array_size(rows); row++) {
        for (const Column *column = columns; column->header; column++) {
            g_autofree char *text = cell_text(json_array_get(rows, row), column->path);
            g_strdelimit(text, "\t\n", ' ');
            fprintf(stream, "%s%s", column == columns ? "" : "\t", text);
        }
        putc('\n', stream);
    }
}

/* ---- YAML ---- */

static void
yaml_scalar(yaml_emitter_t *emitter, const char *text, yaml_scalar_style_t style)
{
    yaml_event_t event;
    yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text, (int)strlen(text), 1, 1, style);
    yaml_emitter_emit(emitter, &event);
}

static void
yaml_value(yaml_emitter_t *emitter, const json_t *value)
{
    yaml_event_t event;
    if (json_is_object(value)) {
        const char *name;
        json_t *member;
        yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_ANY_MAPPING_STYLE);
        yaml_emitter_emit(emitter, &event);
        json_object_foreach((json_t *)value, name, member)
        {
            yaml_scalar(emitter, name, YAML_ANY_SCALAR_STYLE);
            yaml_value(emitter, member);
        }
        yaml_mapping_end_event_initialize(&event);
        yaml_emitter_emit(emitter, &event);
    } else if (json_is_array(value)) {
        yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_ANY_SEQUENCE_STYLE);
        yaml_emitter_emit(emitter, &event);
        for (size_t i = 0; i < json_array_size(value); i++)
            yaml_value(emitter, json_array_get(value, i));
        yaml_sequence_end_event_initialize(&event);
        yaml_emitter_emit(emitter, &event);
    } else if (json_is_string(value)) {
        /* Quoted, so that "1.0", "true" and "" stay texts. */
        yaml_scalar(emitter, json_string_value(value), YAML_DOUBLE_QUOTED_SCALAR_STYLE);
    } else {
        g_autofree char *text = json_text(value);
        yaml_scalar(emitter, text, YAML_PLAIN_SCALAR_STYLE);
    }
}

static void
yaml_print(FILE *stream, const json_t *value)
{
    yaml_emitter_t emitter;
    yaml_event_t event;
    yaml_emitter_initialize(&emitter);
    yaml_emitter_set_output_file(&emitter, stream);
    yaml_emitter_set_unicode(&emitter, 1);
    yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
    yaml_emitter_emit(&emitter, &event);
    yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1);
    yaml_emitter_emit(&emitter, &event);
    yaml_value(&emitter, value);
    yaml_document_end_event_initialize(&event, 1);
    yaml_emitter_emit(&emitter, &event);
    yaml_stream_end_event_initialize(&event);
    yaml_emitter_emit(&emitter, &event);
    yaml_emitter_delete(&emitter);
}

void
output_print(const json_t *value, const Column *columns, OutputFormat format)
{
    output_write(stdout, value, columns, format);
}

void
output_write(FILE *stream, const json_t *value, const Column *columns, OutputFormat format)
{
    if (format == OUTPUT_JSON) {
        json_dumpf(value, stream, JSON_INDENT(2) | JSON_ENCODE_ANY);
        putc('\n', stream);
        return;
    }
    if (format == OUTPUT_YAML) {
        yaml_print(stream, value);
        return;
    }
    g_autoptr(json_t) rows = json_is_array(value) ? json_incref((json_t *)value) : json_pack("[O]", value);
    g_autofree Column *own = columns ? NULL : columns_of(rows);
    if (format == OUTPUT_TABLE)
        table_print(stream, rows, columns ? columns : own);
    else
        tsv_print(stream, rows, columns ? columns : own);
}
