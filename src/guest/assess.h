/* guest/assess.h: what the two halves of assess share: lines to say (base/guest_wire.h), and files below a root. */
#pragma once

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define ASSESS_PATH   1024u
#define ASSESS_FIELD  200u
#define ASSESS_BUFFER 262144u

typedef struct {
    const char *root; /* "" but in tests */
    unsigned lines;
    bool broken;                /* nobody listens */
    char buffer[ASSESS_BUFFER]; /* whoever reads a file may use it */
} Assess;

/* A fact and its words, up to NULL; what is beyond what an answer may have is left out, and counted. */
void assess_tell(Assess *assess, const char *word, ...) __attribute__((sentinel));

/* dir, name and more, put together below the root; -1: errno. */
int assess_open(const Assess *assess, const char *dir, const char *name, const char *more);
/* Until there is no more, or no room. */
size_t assess_take(int fd, char *bytes, size_t max);
/* Both; -1: it cannot be opened, errno. */
ssize_t assess_read(const Assess *assess, const char *dir, const char *name, char *bytes, size_t max);
bool assess_is_there(const Assess *assess, const char *path);

/* A folder, by getdents64(2) itself: opendir() would bring malloc() into this program, a tenth of it. */
typedef struct {
    int fd; /* -1: it is not there, or over */
    size_t at, length;
    _Alignas(struct dirent64) char bytes[2048];
} Names;
bool names_open(const Assess *assess, const char *dir, Names *names);
/* NULL at the end, and closed. What begins with a dot is passed over. */
const char *names_next(Names *names);

void assess_boot(Assess *assess);  /* what Secure Boot would refuse */
void assess_bound(Assess *assess); /* what a new TPM would lock out */
