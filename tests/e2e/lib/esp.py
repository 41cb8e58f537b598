"""A disk that firmware could boot from, as far as the daemon looks: a GUID partition table, an EFI system partition (FAT12), and in
it /EFI/BOOT/BOOTX64.EFI, a program without a signature that does nothing."""

import struct

SECTOR = 512
ESP_TYPE = bytes.fromhex('28732ac11ff8d211ba4b00a0c93ec93b')
ESP_AT, ESP_SECTORS = 64, 64


def unsigned_program():
    """PE32+ without a section and without a certificate."""
    dos = b'MZ'.ljust(60, b'\0') + struct.pack('<I', 64)
    coff = b'PE\0\0' + struct.pack('<HHIIIHH', 0x8664, 0, 0, 0, 0, 240, 0x22)
    optional = struct.pack('<H58xI44xI', 0x20b, SECTOR, 16).ljust(240, b'\0')
    return (dos + coff + optional).ljust(SECTOR, b'\0')


def entry(name, attribute, cluster, size=0):
    return name + bytes([attribute]) + struct.pack('<14xHI', cluster, size)


def file_system(program):
    """One sector a cluster; the folders are clusters 2 and 3, the program is the one behind them."""
    boot = b'\xeb\x3c\x90TESTUDO ' + struct.pack('<HBHBHHBHHH', SECTOR, 1, 1, 1, 16, ESP_SECTORS, 0xf8, 1, 1, 1)
    boot = boot.ljust(SECTOR - 2, b'\0') + b'\x55\xaa'
    table = b'\xf8\xff\xff' + b'\xff\xff\xff' + b'\xff\x0f\x00'
    folder, archive = 0x10, 0x20
    sectors = [boot, table, entry(b'EFI        ', folder, 2), entry(b'BOOT       ', folder, 3),
               entry(b'BOOTX64 EFI', archive, 4, len(program)), program]
    return b''.join(sector.ljust(SECTOR, b'\0') for sector in sectors).ljust(ESP_SECTORS * SECTOR, b'\0')


def write_unsigned_disk(path, size):
    table = ESP_TYPE + bytes(16) + struct.pack('<QQ', ESP_AT, ESP_AT + ESP_SECTORS - 1)
    header = b'EFI PART'.ljust(72, b'\0') + struct.pack('<QII', 2, 128, 128)
    with open(path, 'wb') as file:
        file.truncate(size)
        for at, content in ((1, header), (2, table), (ESP_AT, file_system(unsigned_program()))):
            file.seek(at * SECTOR)
            file.write(content)
