#include "base/pack.h"

#include "base/error.h"

#include <gio/gio.h>

#define PIECE 65536

/* NULL sets *error. */
static GBytes *
convert(GConverter *converter, GBytes *bytes, gsize most, GError **error)
{
    g_autoptr(GInputStream) in = g_memory_input_stream_new_from_bytes(bytes);
    g_autoptr(GInputStream) out = g_converter_input_stream_new(in, converter);
    g_autoptr(GByteArray) result = g_byte_array_new();
    g_autofree guint8 *piece = g_malloc(PIECE);
    gssize n;
    while ((n = g_input_stream_read(out, piece, PIECE, NULL, error)) > 0) {
        if (result->len + (gsize)n > most) {
            arm_fail(error, ARM_INTERNAL, NULL, "Unpacked, it has more than %zu bytes.", most);
            return NULL;
        }
        g_byte_array_append(result, piece, (guint)n);
    }
    return n < 0 ? NULL : g_byte_array_free_to_bytes(g_steal_pointer(&result));
}

GBytes *
bytes_pack(const void *data, gsize size)
{
    /* What is packed here repeats itself very much: more effort would hardly make it smaller. */
    g_autoptr(GZlibCompressor) gzip = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, /* level= */ 1);
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, size);
    g_autoptr(GError) error = NULL;
    GBytes *packed = convert(G_CONVERTER(gzip), bytes, G_MAXSIZE, &error);
    /* From memory to memory nothing can fail. */
    g_assert_no_error(error);
    return packed;
}

GBytes *
bytes_unpack(GBytes *packed, gsize most, GError **error)
{
    g_autoptr(GZlibDecompressor) gunzip = g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP);
    return convert(G_CONVERTER(gunzip), packed, most, error);
}
