/* Plays swtpm for test_machine: ends when the other end of its socket is closed, as --terminate has
 * it. While a vTPM is made (swtpm_setup starts it in another way) the real one does the work. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    int fd = -1, ours = 0;
    char byte;
    for (int i = 1; i < argc; i++) {
        ours = ours || strcmp(argv[i], "--seccomp") == 0;
        sscanf(argv[i], "type=unixio,clientfd=%d", &fd);
    }
    if (!ours) {
        argv[0] = (char *)"swtpm";
        execvp("swtpm", argv);
        return 127;
    }
    while (read(fd, &byte, 1) > 0)
        ;
    return 0;
}
