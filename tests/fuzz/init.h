/* init.h: called once by libFuzzer, or by the replay, before the first input. */
#pragma once

int LLVMFuzzerInitialize(int *argc, char ***argv);
