"""testudo-guest assess, run over a folder that stands for a guest's root. Argument: the program."""

import base64
import contextlib
import json
import os
import struct
import sys
import tempfile

from tap import expect, main, run_program, test

PROGRAM = sys.argv[1]
RELEASE = '6.1.0-42-amd64'
SECURE_BOOT = 'sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c'
# What systemd-creds puts first (creds-util.h).
BY_TPM2 = '0c7cc07b117645919c4b0bea08bc20fe'
BY_HOST_AND_TPM2 = '93a894094874449090caf2fc93cab553'
BY_HOST = '5a1c6a86df9d4096b1d5a65e0862f19a'
UUID = '5f0c1d0e-7a51-4d32-8f0c-0b6f0f2f5c11'


def put(root, path, content=b''):
    path = os.path.join(root, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as file:
        file.write(content if isinstance(content, bytes) else content.encode())


def program(signed, directories=16):
    """The headers of a PE32+ program (Microsoft's PE Format)."""
    certificate = (4096, 1544) if signed else (0, 0)
    optional = struct.pack('<H106xI', 0x20b, directories) + b'\0' * 32 + struct.pack('<II', *certificate) + b'\0' * 88
    return b'MZ' + b'\0' * 58 + struct.pack('<I', 0x80) + b'\0' * 64 + b'PE\0\0' + b'\0' * 20 + optional + b'\0' * 4096


def luks2(tokens, version=2, size=16384):
    """LUKS2 On-Disk Format, section 3, the first of its two headers."""
    head = b'LUKS\xba\xbe' + struct.pack('>HQQ', version, size, 1) + b'\0' * 48 + b'sha256'.ljust(32, b'\0') + b'\1' * 64
    head += UUID.encode().ljust(40, b'\0')
    area = json.dumps({'keyslots': {}, 'tokens': tokens}, separators=(',', ':')).encode()
    return head.ljust(4096, b'\0') + area.ljust(12288, b'\0') + b'ciphertext'


def clevis(header):
    protected = base64.urlsafe_b64encode(json.dumps(header, separators=(',', ':')).encode()).rstrip(b'=').decode()
    return {'type': 'clevis', 'keyslots': ['1'], 'jwe': {'ciphertext': 'x', 'iv': 'y', 'protected': protected, 'tag': 'z'}}


def volume(root, name, content):
    put(root, f'sys/class/block/{name}/uevent')
    put(root, f'dev/{name}', content)


@contextlib.contextmanager
def guest():
    """A guest with nothing to find in it."""
    with tempfile.TemporaryDirectory() as root:
        put(root, SECURE_BOOT, b'\x06\0\0\0\0')
        put(root, 'proc/sys/kernel/osrelease', RELEASE + '\n')
        put(root, 'proc/modules', 'virtio_net 61440 0 - Live 0x0000000000000000\n')
        put(root, 'sys/module/module/parameters/sig_enforce', 'N\n')
        put(root, f'boot/vmlinuz-{RELEASE}', program(signed=True))
        put(root, 'boot/efi/EFI/debian/shimx64.efi', program(signed=True))
        volume(root, 'vda', b'\0' * 65536)
        yield root


def assess(root, *arguments):
    code, out = run_program(PROGRAM, 'assess', '--root', root, *arguments)
    return code, out.decode()


def facts(root):
    code, out = assess(root)
    lines = out.splitlines()
    assert (code, lines[0], lines[-1]) == (0, 'assessment 1', 'end'), out
    return lines[1:-1]


def found(root, *words):
    return [line for line in facts(root) if line.split()[0] in words]


@test('of a guest with nothing to find, what it is and no more')
def _():
    with guest() as root:
        expect(assess(root), 0, 'assessment 1\nsecure-boot off\ntpm no\nmodule-signatures checked\n'
               f'kernel {RELEASE} signed\nloader /boot/efi/EFI/debian/shimx64.efi signed\nend\n')


@test('Secure Boot, a TPM, a kernel without module signatures')
def _():
    with guest() as root:
        put(root, SECURE_BOOT, b'\x06\0\0\0\1')
        put(root, 'sys/class/tpm/tpm0/dev', '10:224')
        os.remove(f'{root}/sys/module/module/parameters/sig_enforce')
        assert facts(root)[:3] == ['secure-boot on', 'tpm yes', 'module-signatures unchecked'], facts(root)
    with guest() as root:
        os.rename(f'{root}/sys/firmware', f'{root}/sys/elsewhere')
        assert facts(root)[0] == 'secure-boot none'


@test('modules that taint the kernel, with the state of their files')
def _():
    with guest() as root:
        put(root, 'proc/modules', '\n'.join((
            'ours 1 0 - Live 0x0', 'nvidia 2 1 ours, Live 0x0 (POE)', 'out_of_tree 3 0 - Live 0x0 (OE)', 'dkms_signed 4 0 - Live 0x0 (O)',
            'packed 5 0 - Live 0x0 (E)', 'gone 6 0 - Live 0x0 (E)')) + '\n')
        put(root, f'lib/modules/{RELEASE}/modules.dep',
            'kernel/ours.ko:\nupdates/dkms/nvidia.ko: kernel/ours.ko\nextra/out-of-tree.ko:\nextra/dkms_signed.ko:\nextra/packed.ko.xz:\n')
        put(root, f'lib/modules/{RELEASE}/updates/dkms/nvidia.ko', b'\x7fELF')
        put(root, f'lib/modules/{RELEASE}/extra/out-of-tree.ko', b'\x7fELF' * 100)
        put(root, f'lib/modules/{RELEASE}/extra/dkms_signed.ko', b'\x7fELF' * 100 + b'~Module signature appended~\n')
        put(root, f'lib/modules/{RELEASE}/extra/packed.ko.xz', b'\xfd7zXZ' * 100)
        assert found(root, 'module') == [
            'module nvidia POE unsigned', 'module out_of_tree OE unsigned', 'module dkms_signed O signed', 'module packed E unseen',
            'module gone E unseen'], facts(root)


@test('kernel and boot loaders without a signature; without an ESP, that none was seen')
def _():
    with guest() as root:
        put(root, f'boot/vmlinuz-{RELEASE}', program(signed=False))
        put(root, 'boot/efi/EFI/debian/grubx64.EFI', program(signed=False))
        put(root, 'boot/efi/EFI/debian/grub.cfg', 'configfile')
        put(root, 'boot/efi/EFI/BOOT/BOOTX64.EFI', program(signed=True, directories=4))
        put(root, 'boot/efi/EFI/BOOT/cut.efi', program(signed=True)[:150])
        assert sorted(found(root, 'kernel', 'loader')) == [
            f'kernel {RELEASE} unsigned', 'loader /boot/efi/EFI/BOOT/BOOTX64.EFI unsigned', 'loader /boot/efi/EFI/BOOT/cut.efi unseen',
            'loader /boot/efi/EFI/debian/grubx64.EFI unsigned', 'loader /boot/efi/EFI/debian/shimx64.efi signed'], facts(root)
    with guest() as root:
        os.rename(f'{root}/boot/efi/EFI', f'{root}/boot/efi/other')
        os.remove(f'{root}/boot/vmlinuz-{RELEASE}')
        assert found(root, 'kernel', 'loader', 'unseen') == [f'kernel {RELEASE} unseen', 'unseen loaders /boot/efi'], facts(root)


@test('LUKS volumes with a key in the TPM, by systemd or by clevis')
def _():
    systemd = {'type': 'systemd-tpm2', 'keyslots': ['1'], 'tpm2-pcrs': [7], 'tpm2-blob': 'AAAA'}
    pins = {pin: clevis({'alg': 'dir', 'clevis': {'pin': pin, pin: {}}, 'enc': 'A256GCM'}) for pin in ('tpm2', 'tang', 'sss')}
    with guest() as root:
        volume(root, 'vdb', luks2({}))
        volume(root, 'vdc', luks2({'0': {'type': 'systemd-recovery', 'keyslots': ['0']}, '1': systemd}))
        volume(root, 'vdd', luks2({'0': pins['tang'], '1': pins['tpm2']}))
        volume(root, 'vde', luks2({'0': pins['tang']}))
        volume(root, 'vdf', luks2({'0': pins['sss']}))
        volume(root, 'vdg', luks2({'0': systemd}, version=1))
        volume(root, 'vdh', luks2({'0': systemd}, size=4096))
        volume(root, 'vdi', luks2({'0': systemd}, size=1 << 62))
        put(root, 'sys/class/block/vdj/uevent')
        assert sorted(found(root, 'luks', 'unseen')) == [
            f'luks vdc {UUID} systemd-tpm2', f'luks vdd {UUID} clevis-tpm2', 'unseen clevis vdf', 'unseen luks vdh', 'unseen luks vdi',
            'unseen luks1 vdg', 'unseen volume vdj'], facts(root)


@test('volumes of crypttab, and credentials, that need the TPM')
def _():
    with guest() as root:
        put(root, 'etc/crypttab', '# old /dev/vdb none tpm2-device=auto\nroot UUID=1 none luks,discard\n\n'
            '  data\tUUID=2\tnone luks,tpm2-device=auto\nswap /dev/vdz /dev/urandom swap')
        for name, key in (('db', BY_TPM2), ('both', BY_HOST_AND_TPM2), ('host', BY_HOST), ('later', '00' * 16)):
            put(root, f'etc/credstore.encrypted/{name}', base64.b64encode(bytes.fromhex(key) + b'\x20' * 80))
        put(root, 'boot/efi/loader/credentials/a name.cred', base64.b64encode(bytes.fromhex(BY_TPM2) + b'\0' * 80))
        assert sorted(found(root, 'crypttab', 'credential', 'unseen')) == [
            'credential /boot/efi/loader/credentials/a?name.cred', 'credential /etc/credstore.encrypted/both',
            'credential /etc/credstore.encrypted/db', 'crypttab data', 'unseen credential /etc/credstore.encrypted/later'], facts(root)


@test('an answer has an end, and says so')
def _():
    with guest() as root:
        put(root, 'proc/modules', ''.join(f'm{"x" * 300}{i} 1 0 - Live 0x0 (E)\n' for i in range(600)))
        volume(root, 'vdb', luks2({'0': {'type': 'systemd-tpm2'}}))
        code, out = assess(root)
        assert code == 0 and out.endswith('\nunseen rest\nend\n'), out[-200:]
        assert f'luks vdb {UUID} systemd-tpm2\n' in out, out[:200]
        assert len(out) < 256 << 10 and out.count('\n') < 410, len(out)


@test('other arguments are refused')
def _():
    expect(run_program(PROGRAM, 'assess', '--root'), 2, b'')
    expect(run_program(PROGRAM, 'assess', 'x'), 2, b'')


main()
