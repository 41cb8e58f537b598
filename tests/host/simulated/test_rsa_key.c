/* RSA keys of simulated vTPMs: by OpenSSL's own check of a key, which tests the primes thoroughly. */
#include "host/simulated/rsa_key.h"

#include <glib.h>

static void
test_keys(void)
{
    EVP_PKEY *keys[12];
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        keys[i] = sim_rsa_key_new();
        EVP_PKEY_CTX *checking = EVP_PKEY_CTX_new(keys[i], NULL);
        g_assert_cmpint(EVP_PKEY_check(checking), ==, 1);
        EVP_PKEY_CTX_free(checking);
        g_assert_cmpint(EVP_PKEY_get_bits(keys[i]), ==, 2048);
        for (guint k = 0; k < i; k++)
            g_assert_cmpint(EVP_PKEY_eq(keys[i], keys[k]), ==, 0);
    }
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
        EVP_PKEY_free(keys[i]);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/simulated/rsa-key", test_keys);
    return g_test_run();
}
