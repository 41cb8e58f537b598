"""Tokens as somebody verifies them who knows the issuer's address and nothing else of Testudo: RFC 7515 and 7518 by hand, the signature
by openssl."""

import base64
import json
import os
import subprocess
import time

# SubjectPublicKeyInfo of a key on P-256 (RFC 5480), up to the point.
SPKI = bytes.fromhex('3059301306072a8648ce3d020106082a8648ce3d030107034200')


def octets(text):
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))


def _integer(number):
    """As DER has it: with a zero before a first bit that would read as a sign."""
    number = number.lstrip(b'\0') or b'\0'
    number = b'\0' * (number[0] >> 7) + number
    return b'\x02' + bytes([len(number)]) + number


def _signed(folder, key, message, signature):
    files = {name: os.path.join(folder, name) for name in ('token.key', 'token.sig', 'token.txt')}
    body = _integer(signature[:32]) + _integer(signature[32:])
    for name, content in (('token.key', SPKI + b'\x04' + octets(key['x']) + octets(key['y'])),
                          ('token.sig', b'\x30' + bytes([len(body)]) + body), ('token.txt', message)):
        with open(files[name], 'wb') as file:
            file.write(content)
    done = subprocess.run(['openssl', 'dgst', '-sha256', '-keyform', 'DER', '-verify', files['token.key'], '-signature',
                           files['token.sig'], files['token.txt']], capture_output=True, text=True, check=False)
    return done.returncode == 0 and 'Verified OK' in done.stdout


def verified(token, issuer, stranger, folder, nonce):
    """The claims. STRANGER asks the issuer without any authorization."""
    head, body, signature = token.split('.')
    header, claims = json.loads(octets(head)), json.loads(octets(body))
    provider = stranger.call('GET', '/.well-known/openid-configuration')
    assert provider.status == 200 and provider.body['issuer'] == issuer == claims['iss'], (provider.body, claims)
    assert header['jku'] == provider.body['jwks_uri'] and header['alg'] == 'ES256', header
    keys = stranger.call('GET', provider.body['jwks_uri'])
    assert keys.status == 200, keys.status
    key = next(key for key in keys.body['keys'] if key['kid'] == header['kid'])
    assert (key['kty'], key['crv'], key['use']) == ('EC', 'P-256', 'sig'), key
    message = f'{head}.{body}'.encode()
    assert _signed(folder, key, message, octets(signature)), 'openssl does not verify it'
    assert not _signed(folder, key, message + b'x', octets(signature)), 'openssl verifies anything'
    assert claims['nbf'] <= time.time() < claims['exp'] <= claims['iat'] + 8 * 3600, claims
    assert claims['nonce'] == nonce and base64.b64decode(claims['x-ms-runtime']['client-payload']['nonce']).decode() == nonce, claims
    return claims
