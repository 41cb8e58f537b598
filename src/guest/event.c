/* What is to happen to this instance, for whoever in this guest wants to know: a document as Azure's metadata service has it at
 * /metadata/scheduledevents (api-version 2019-01-01), as a file. Whoever may write beside it can approve. */
#include "guest/guest.h"

#include "base/guest_wire.h"
#include "guest/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIR_DEFAULT   "/run/testudo"
#define DOCUMENT      "scheduled-events.json"
#define DOCUMENT_MAX  2048u
#define EVENT_MAX     64u
#define RESOURCE_MAX  255u
#define PATH_MAX_SIZE 512u

typedef struct {
    const char *dir, *event, *not_before, *resource;
} Event;

static bool
of_these(const char *text, const char *more, size_t max)
{
    const size_t length = text ? strlen(text) : 0;
    for (size_t i = 0; i < length; i++) {
        const char c = text[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && !strchr(more, c))
            return false;
    }
    return length > 0 && length <= max;
}

/* ID, then what the command takes besides, then --dir DIR, which is for tests. */
static bool
event_read(char **argv, bool notice, Event *event)
{
    char **at = argv + 1;
    *event = (Event){ .dir = DIR_DEFAULT };
    if (!of_these(*at, "-", EVENT_MAX))
        return false;
    event->event = *at++;
    if (notice && !(event->not_before = *at++))
        return false;
    if (notice && *at && **at != '-')
        event->resource = *at++;
    if (*at && strcmp(*at, "--dir") == 0 && at[1] && strlen(at[1]) < PATH_MAX_SIZE / 2) {
        event->dir = at[1];
        at += 2;
    }
    return !*at && (!event->resource || of_these(event->resource, "-._", RESOURCE_MAX));
}

static const char *
path_of(const Event *event, const char *prefix, const char *name, char path[PATH_MAX_SIZE])
{
    Text text = text_begin(path, PATH_MAX_SIZE);
    text_add_all(&text, event->dir, "/", prefix, name, NULL);
    return path;
}

/* ---- the document ---- */

static bool
two_digits(const char *text, int max, int *ret_number)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
        return false;
    *ret_number = (text[0] - '0') * 10 + text[1] - '0';
    return *ret_number <= max;
}

/* "2016-09-19T18:29:47Z", decimals allowed, as Azure writes it: "Mon, 19 Sep 2016 18:29:47 GMT". */
static bool
time_write(const char *text, Text *out)
{
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const int shift[] = { 0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4 };
    int century, years, month, day, hour, minute, second;
    const size_t length = strlen(text);
    if (length < 20 || length > 27 || text[length - 1] != 'Z' || strspn(text + 19, ".0123456789Z") != length - 19 ||
        text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':')
        return false;
    if (!two_digits(text, 99, &century) || !two_digits(text + 2, 99, &years) || !two_digits(text + 5, 12, &month) ||
        !two_digits(text + 8, 31, &day) || !two_digits(text + 11, 23, &hour) || !two_digits(text + 14, 59, &minute) ||
        !two_digits(text + 17, 60, &second) || month == 0 || day == 0)
        return false;
    /* The day of the week, by Sakamoto's way: January and February belong to the year before. */
    const int year = century * 100 + years, y = month < 3 ? year - 1 : year;
    const int weekday = (y + y / 4 - y / 100 + y / 400 + shift[month - 1] + day) % 7;
    text_add_all(out, days[weekday], ", ", NULL);
    text_add_number(out, (unsigned)day, 2);
    text_add_all(out, " ", months[month - 1], " ", NULL);
    text_add_number(out, (unsigned)year, 4);
    const unsigned parts[] = { (unsigned)hour, (unsigned)minute, (unsigned)second };
    for (int i = 0; i < 3; i++) {
        text_add(out, i == 0 ? " " : ":");
        text_add_number(out, parts[i], 2);
    }
    text_add(out, " GMT");
    return true;
}

/* Empty where there is none. */
static void
document_read(const Event *event, char document[DOCUMENT_MAX])
{
    char path[PATH_MAX_SIZE];
    const int fd = open(path_of(event, "", DOCUMENT, path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    const ssize_t n = fd >= 0 ? read(fd, document, DOCUMENT_MAX - 1) : 0;
    document[n > 0 ? n : 0] = '\0';
    if (fd >= 0)
        close(fd);
}

static bool
document_is_of(const char *document, const char *event)
{
    char buffer[EVENT_MAX + 16];
    Text member = TEXT_IN(buffer);
    text_add_all(&member, "\"EventId\":\"", event, "\"", NULL);
    return strstr(document, buffer) != NULL;
}

static unsigned
incarnation_of(const char *document)
{
    static const char name[] = "{\"DocumentIncarnation\":";
    unsigned number = 0;
    if (strncmp(document, name, strlen(name)) != 0)
        return 0;
    for (const char *at = document + strlen(name); *at >= '0' && *at <= '9' && number < 100000000; at++)
        number = number * 10 + (unsigned)(*at - '0');
    return number;
}

/* Under another name, then renamed: a reader finds the whole of one document or of another. */
static bool
file_put(const Event *event, const char *prefix, const char *name, const char *text)
{
    char path[PATH_MAX_SIZE], fresh[PATH_MAX_SIZE];
    path_of(event, prefix, name, path);
    path_of(event, ".new-", name, fresh);
    if (mkdir(event->dir, 0755) != 0 && errno != EEXIST)
        return false;
    unlink(fresh);
    const int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return false;
    const size_t length = strlen(text);
    const bool written = write(fd, text, length) == (ssize_t)length && fchmod(fd, 0644) == 0;
    if (close(fd) == 0 && written && rename(fresh, path) == 0)
        return true;
    unlink(fresh);
    return false;
}

static bool
document_write(const Event *event, const char *not_before, unsigned incarnation)
{
    char buffer[DOCUMENT_MAX], name[RESOURCE_MAX + 1] = "";
    Text document = TEXT_IN(buffer);
    const char *resource = event->resource;
    if (!resource && gethostname(name, sizeof name - 1) == 0 && of_these(name, "-._", RESOURCE_MAX))
        resource = name;
    text_add(&document, "{\"DocumentIncarnation\":");
    text_add_number(&document, incarnation, 1);
    text_add_all(&document, ",\"Events\":[{\"EventId\":\"", event->event,
                 "\",\"EventType\":\"Terminate\",\"ResourceType\":\"VirtualMachine\",\"Resources\":[\"",
                 resource ? resource : "localhost", "\"],\"EventStatus\":\"Scheduled\",\"NotBefore\":\"", not_before,
                 "\",\"Description\":\"\",\"EventSource\":\"User\",\"DurationInSeconds\":-1}]}\n", NULL);
    return file_put(event, "", DOCUMENT, buffer);
}

static int
could_not_write(void)
{
    say_text("failed " WIRE_GUEST_FAILED "\n");
    return GUEST_FAILED;
}

/* ---- commands ---- */

int
notice_main(char **argv)
{
    Event event;
    char document[DOCUMENT_MAX], buffer[40];
    Text not_before = TEXT_IN(buffer);
    if (!event_read(argv, /* notice= */ true, &event) || !time_write(event.not_before, &not_before))
        return say_usage("terminate-notice EVENT-ID YYYY-MM-DDTHH:MM:SSZ [RESOURCE] [--dir DIR]");
    document_read(&event, document);
    if (!document_is_of(document, event.event) && !document_write(&event, buffer, incarnation_of(document) + 1))
        return could_not_write();
    say_text(WIRE_NOTICED "\n");
    return GUEST_OK;
}

int
ack_main(char **argv)
{
    Event event;
    struct stat st;
    char path[PATH_MAX_SIZE], document[DOCUMENT_MAX];
    if (!event_read(argv, /* notice= */ false, &event))
        return say_usage("terminate-ack EVENT-ID [--dir DIR]");
    document_read(&event, document);
    const bool approved = lstat(path_of(&event, "approved-", event.event, path), &st) == 0;
    const bool known = document_is_of(document, event.event);
    say_text(!known ? WIRE_UNKNOWN "\n" : approved ? WIRE_APPROVED "\n" : WIRE_WAITING "\n");
    return GUEST_OK;
}

int
approve_main(char **argv)
{
    Event event;
    char document[DOCUMENT_MAX];
    if (!event_read(argv, /* notice= */ false, &event))
        return say_usage("approve EVENT-ID [--dir DIR]");
    document_read(&event, document);
    if (!document_is_of(document, event.event)) {
        say_text(WIRE_UNKNOWN "\n");
        return GUEST_FAILED;
    }
    if (!file_put(&event, "approved-", event.event, ""))
        return could_not_write();
    say_text(WIRE_APPROVED "\n");
    return GUEST_OK;
}
