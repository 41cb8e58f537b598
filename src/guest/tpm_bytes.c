#include "guest/tpm_bytes.h"

#include <string.h>

TpmOut
tpm_out_in(uint8_t *buffer, size_t room)
{
    return (TpmOut){ .at = buffer, .room = room };
}

void
tpm_put(TpmOut *out, const void *bytes, size_t length)
{
    out->full = out->full || length > out->room - out->length;
    if (out->full || length == 0)
        return;
    memcpy(out->at + out->length, bytes, length);
    out->length += length;
}

void
tpm_put_u8(TpmOut *out, uint8_t value)
{
    tpm_put(out, &value, 1);
}

void
tpm_put_u16(TpmOut *out, uint16_t value)
{
    const uint8_t bytes[] = { (uint8_t)(value >> 8), (uint8_t)value };
    tpm_put(out, bytes, sizeof bytes);
}

void
tpm_put_u32(TpmOut *out, uint32_t value)
{
    tpm_put_u16(out, (uint16_t)(value >> 16));
    tpm_put_u16(out, (uint16_t)value);
}

void
tpm_put_sized(TpmOut *out, const void *bytes, size_t length)
{
    out->full = out->full || length > UINT16_MAX;
    tpm_put_u16(out, (uint16_t)length);
    tpm_put(out, bytes, length);
}

size_t
tpm_size_begin(TpmOut *out, size_t width)
{
    static const uint8_t nothing[4];
    const size_t place = out->length;
    tpm_put(out, nothing, width);
    return place;
}

void
tpm_size_end(TpmOut *out, size_t place, size_t width, size_t before)
{
    if (out->full)
        return;
    size_t size = before > 0 ? out->length - place + before : out->length - place - width;
    for (size_t i = width; i > 0; i--, size >>= 8)
        out->at[place + i - 1] = (uint8_t)size;
}

bool
tpm_blob_keep(TpmBlob *blob, const void *bytes, size_t length)
{
    if (length > sizeof blob->bytes)
        return false;
    if (length > 0)
        memcpy(blob->bytes, bytes, length);
    blob->length = length;
    return true;
}

static int
digit_read(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool
tpm_blob_from_hex(TpmBlob *blob, const char *text, size_t min, size_t max)
{
    const size_t length = text ? strlen(text) : 0;
    if (length % 2 != 0 || length / 2 < min || length / 2 > max || length / 2 > sizeof blob->bytes)
        return false;
    for (size_t i = 0; i < length; i += 2) {
        const int high = digit_read(text[i]), low = digit_read(text[i + 1]);
        if (high < 0 || low < 0)
            return false;
        blob->bytes[i / 2] = (uint8_t)(high << 4 | low);
    }
    blob->length = length / 2;
    return true;
}
