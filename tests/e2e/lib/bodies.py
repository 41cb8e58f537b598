"""Bodies of the main job: from a size and an image that cannot do Trusted launch to ones that can, and back."""

STANDARD_SIZE = 'Standard_A1_v2'
TRUSTED_SIZE = 'Standard_B1ms'


def image(sku='gen2', version='1.0.0'):
    return {'publisher': 'Testudo', 'offer': 'mini', 'sku': sku, 'version': version}


def scale_set(capacity=3, size=STANDARD_SIZE, image_reference=None, security=None, location='local', **profile):
    return {
        'location': location,
        'sku': {'name': size, 'capacity': capacity},
        'properties': {
            'upgradePolicy': {'mode': 'Manual'},
            'virtualMachineProfile': {
                'storageProfile': {'imageReference': image_reference or image('gen1')},
                **({'securityProfile': security} if security else {}),
                **profile,
            },
        },
    }


def trusted(secure_boot=True, vtpm=True):
    return {'securityType': 'TrustedLaunch', 'uefiSettings': {'secureBootEnabled': secure_boot, 'vTpmEnabled': vtpm}}


def edit(size=None, image_reference=None, security=None):
    """A PATCH body with the edits given."""
    profile = {}
    if image_reference:
        profile['storageProfile'] = {'imageReference': image_reference}
    if security:
        profile['securityProfile'] = security
    return {**({'sku': {'name': size}} if size else {}),
            **({'properties': {'virtualMachineProfile': profile}} if profile else {})}


def upgrade():
    return edit(TRUSTED_SIZE, image('gen2'), trusted())


def roll_back():
    return edit(STANDARD_SIZE, image('gen1'), {'securityType': 'Standard', 'uefiSettings': None})
