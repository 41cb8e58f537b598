#include "model/integrity.h"

#include "base/words.h"

static const char *const integrity_words[INTEGRITY_N] = {
    [INTEGRITY_NONE] = "None",
    [INTEGRITY_WAITED_FOR] = "Waiting",
    [INTEGRITY_HEALTHY] = "Healthy",
    [INTEGRITY_DEVIATION] = "Deviation",
    [INTEGRITY_NOT_JUDGED] = "NotJudged",
    [INTEGRITY_NOT_ATTESTED] = "NotAttested",
    [INTEGRITY_UNREACHABLE] = "Unreachable",
};
DEFINE_WORDS(integrity, Integrity, INTEGRITY_N)

gboolean
integrity_fails(Integrity integrity)
{
    return integrity == INTEGRITY_DEVIATION || integrity == INTEGRITY_NOT_ATTESTED || integrity == INTEGRITY_UNREACHABLE;
}
