"""Images with the identity of the small guest images and nothing inside: all that the simulated driver needs."""

import json
import os
import subprocess

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
    for sku, version, generation, security_type in KINDS:
        name = f'mini-{sku}-{version}'
        # Sizes differ so that contents do.
        size = str(2 ** 20 * (KINDS.index((sku, version, generation, security_type)) + 1))
        subprocess.run(['qemu-img', 'create', '-q', '-f', 'qcow2', os.path.join(folder, name + '.qcow2'), size], check=True)
        with open(os.path.join(folder, name + '.json'), 'w', encoding='utf-8') as file:
            json.dump(definition(sku, version, generation, security_type, name + '.qcow2'), file)
    return folder


def built_images():
    """The folder of the real ones: TESTUDO_IMAGES, or images/ of the build folder."""
    return os.path.abspath(os.environ.get('TESTUDO_IMAGES') or os.path.join(os.environ.get('TESTUDO_BUILD', 'build'), 'images'))
