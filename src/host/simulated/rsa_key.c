#include "host/simulated/rsa_key.h"

#include <glib.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#define KEY_BITS   2048
#define PRIME_BITS (KEY_BITS / 2)
#define EXPONENT   65537
/* Divisors below this are tried for a whole span of odd numbers at once. A span of so many holds a dozen primes. */
#define DIVISORS 4096
#define SPAN     4096

static gboolean
is_prime(const BIGNUM *number, BN_CTX *ctx)
{
    BN_CTX_start(ctx);
    BIGNUM *base = BN_CTX_get(ctx), *power = BN_CTX_get(ctx), *rest = BN_CTX_get(ctx);
    g_assert(rest && BN_set_word(base, 2) && BN_copy(power, number) && BN_sub_word(power, 1));
    g_assert(BN_mod_exp_mont_consttime(rest, base, power, number, ctx, NULL));
    gboolean is = BN_is_one(rest);
    BN_CTX_end(ctx);
    return is;
}

/* Marks which of first, first + 2, … have a small divisor. */
static void
span_sieve(const BIGNUM *first, gboolean divisible[static SPAN])
{
    for (guint divisor = 3; divisor < DIVISORS; divisor += 2) {
        guint rest = (guint)BN_mod_word(first, divisor);
        /* Halved by its inverse: the steps are of two. */
        guint begin = (guint)((guint64)(divisor - rest) % divisor * ((divisor + 1) / 2) % divisor);
        for (guint i = begin; i < SPAN; i += divisor)
            divisible[i] = TRUE;
    }
}

static BIGNUM *
prime_new(BN_CTX *ctx)
{
    BIGNUM *number = BN_new();
    for (;;) {
        gboolean divisible[SPAN] = { FALSE };
        g_assert(number && BN_rand(number, PRIME_BITS, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD));
        span_sieve(number, divisible);
        for (guint i = 0; i < SPAN; i++) {
            if (!divisible[i] && BN_mod_word(number, EXPONENT) != 1 && is_prime(number, ctx))
                return number;
            g_assert(BN_add_word(number, 2));
        }
    }
}

/* RFC 8017, section 3.2. */
static OSSL_PARAM *
params_of(const BIGNUM *p, const BIGNUM *q, BN_CTX *ctx)
{
    BN_CTX_start(ctx);
    BIGNUM *n = BN_CTX_get(ctx), *e = BN_CTX_get(ctx), *d = BN_CTX_get(ctx), *p_less = BN_CTX_get(ctx),
           *q_less = BN_CTX_get(ctx), *phi = BN_CTX_get(ctx), *d_p = BN_CTX_get(ctx), *d_q = BN_CTX_get(ctx),
           *q_inverse = BN_CTX_get(ctx);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    g_assert(q_inverse && builder);
    g_assert(BN_mul(n, p, q, ctx) && BN_set_word(e, EXPONENT));
    g_assert(BN_copy(p_less, p) && BN_sub_word(p_less, 1) && BN_copy(q_less, q) && BN_sub_word(q_less, 1));
    g_assert(BN_mul(phi, p_less, q_less, ctx) && BN_mod_inverse(d, e, phi, ctx));
    g_assert(BN_mod(d_p, d, p_less, ctx) && BN_mod(d_q, d, q_less, ctx) && BN_mod_inverse(q_inverse, q, p, ctx));
    g_assert(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) &&
             OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) &&
             OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_D, d) &&
             OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_FACTOR1, p) &&
             OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_FACTOR2, q) &&
             OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_EXPONENT1, d_p) &&
             OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_EXPONENT2, d_q) &&
             OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, q_inverse));
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    OSSL_PARAM_BLD_free(builder);
    BN_CTX_end(ctx);
    g_assert(params);
    return params;
}

EVP_PKEY *
sim_rsa_key_new(void)
{
    BN_CTX *ctx = BN_CTX_new();
    g_assert(ctx);
    BIGNUM *p = prime_new(ctx), *q = prime_new(ctx);
    OSSL_PARAM *params = params_of(p, q, ctx);
    EVP_PKEY_CTX *making = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
    EVP_PKEY *key = NULL;
    g_assert(making && EVP_PKEY_fromdata_init(making) == 1 && EVP_PKEY_fromdata(making, &key, EVP_PKEY_KEYPAIR, params) == 1 &&
             EVP_PKEY_get_bits(key) == KEY_BITS);
    EVP_PKEY_CTX_free(making);
    OSSL_PARAM_free(params);
    BN_free(p);
    BN_free(q);
    BN_CTX_free(ctx);
    return key;
}
