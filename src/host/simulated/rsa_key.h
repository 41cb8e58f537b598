/* host/simulated/rsa_key.h: RSA keys of simulated vTPMs, made in a tenth of the time that OpenSSL takes for real ones. */
#pragma once

#include <openssl/evp.h>

/* 2048 bits, exponent 65537. Each is another one, and works as any other; nothing is to be kept secret by it: its primes are as
 * random, but tested once (Fermat, base 2) where OpenSSL tests them 64 times, and are not chosen against any attack. */
EVP_PKEY *sim_rsa_key_new(void);
