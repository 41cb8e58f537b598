/* guest/stream.h: a connection to a port of this machine's own loopback, all of it within one time limit. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    int fd;           /* -1: none */
    int64_t deadline; /* milliseconds of the monotonic clock */
    const char *why;  /* what went wrong, one of base/guest_wire.h; NULL: nothing yet */
} Stream;

/* 127.0.0.1, and ::1 where nothing listens there, as "localhost" is tried. */
bool stream_open(Stream *stream, unsigned port, unsigned timeout_s);
void stream_close(Stream *stream);
/* Bytes read, at least 1; 0: its end; -1: why. */
long stream_read(Stream *stream, void *bytes, size_t max);
/* Bytes written, at least 1; -1: why. */
long stream_write(Stream *stream, const void *bytes, size_t length);
