"""Images with the identity of the small guest images and nothing inside, but for what the unsigned one boots: all that the
simulated driver needs."""

import hashlib
import json
import os
import subprocess

from lib.esp import write_unsigned_disk

KINDS = (
    ('gen1', '1.0.0', 'V1', 'Standard'),
    ('gen2', '1.0.0', 'V2', 'TrustedLaunchSupported'),
    ('gen2', '1.1.0', 'V2', 'TrustedLaunchSupported'),
    ('gen2-unsigned', '1.0.0', 'V2', 'TrustedLaunchSupported'),
)


def definition(sku, version, generation, security_type, file):
    return {'publisher': 'Testudo', 'offer': 'mini', 'sku': sku, 'version': version, 'hyperVGeneration': generation,
            'architecture': 'x64', 'osType': 'Linux', 'securityType': security_type, 'guestAgent': True,
            'format': 'qcow2', 'file': file}


def empty_images(folder):
    """Fills FOLDER with one definition and one empty qcow2 for each kind; returns FOLDER."""
    os.makedirs(folder)
    for mib, (sku, version, generation, security_type) in enumerate(KINDS, 1):
        disk = os.path.join(folder, f'mini-{sku}-{version}.qcow2')
        # Sizes differ so that contents do.
        if sku == 'gen2-unsigned':
            write_unsigned_disk(disk + '.raw', mib << 20)
            subprocess.run(['qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', disk + '.raw', disk], check=True)
            os.unlink(disk + '.raw')
        else:
            subprocess.run(['qemu-img', 'create', '-q', '-f', 'qcow2', disk, f'{mib}M'], check=True)
        named = definition(sku, version, generation, security_type, os.path.basename(disk))
        with open(disk, 'rb') as file:
            named['sha256'] = hashlib.sha256(file.read()).hexdigest()
        with open(os.path.join(folder, f'mini-{sku}-{version}.json'), 'w', encoding='utf-8') as file:
            json.dump(named, file)
    return folder


def built_images():
    """The folder of the real ones: TESTUDO_IMAGES, or images/ of the build folder."""
    return os.path.abspath(os.environ.get('TESTUDO_IMAGES') or os.path.join(os.environ.get('TESTUDO_BUILD', 'build'), 'images'))
