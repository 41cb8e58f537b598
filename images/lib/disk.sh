# One image: a disk with a single FAT32 partition at 1 MiB, as qcow2, and its definition.

partition_mib=64
# Fixed, so that each build measures the same into PCR 5 and 1.
disk_uuid=7e57d0d0-0000-4000-8000-000000000001
partition_uuid=7e57d0d0-0000-4000-8000-000000000002
volume_id=7e57d0d0

# partition_fill FILE DIR: a FAT32 file system with the content of a folder, in sorted order.
partition_fill() {
    local file=$1 dir=$2 path
    truncate -s "${partition_mib}M" "$file"
    mkfs.vfat --invariant -F 32 -s 1 -i "$volume_id" -n MINI "$file" >/dev/null
    find "$dir" -mindepth 1 -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
    (cd "$dir" && find . -mindepth 1 -type d | sort) | while read -r path; do
        mmd -i "$file" "::/${path#./}"
    done
    (cd "$dir" && find . -type f | sort) | while read -r path; do
        mcopy -m -i "$file" "$dir/$path" "::/${path#./}"
    done
}

# disk_label FILE bios|signed|unsigned
disk_label() {
    truncate -s "$((partition_mib + 2))M" "$1"
    if [ "$2" = bios ]; then
        sfdisk --quiet "$1" <<LABEL
label: dos
label-id: 0x$volume_id
start=2048, size=$((partition_mib * 2048)), type=c, bootable
LABEL
    else
        sfdisk --quiet "$1" <<LABEL
label: gpt
label-id: $disk_uuid
start=2048, size=$((partition_mib * 2048)), type=uefi, uuid=$partition_uuid, name=mini
LABEL
    fi
}

# loader_files LOADER PACKAGES CONFIGS CMDLINE DIR: what the firmware starts, and its configuration.
loader_files() {
    local loader=$1 packages=$2 configs=$3 cmdline=$4 dir=$5
    if [ "$loader" = bios ]; then
        sed "s|@CMDLINE@|$cmdline|" "$configs/syslinux.cfg" >"$dir/syslinux.cfg"
        return
    fi
    mkdir -p "$dir/EFI/BOOT" "$dir/EFI/debian"
    sed "s|@CMDLINE@|$cmdline|" "$configs/grub.cfg" >"$dir/EFI/debian/grub.cfg"
    cp "$packages/usr/lib/shim/shimx64.efi.signed" "$dir/EFI/BOOT/BOOTX64.EFI"
    case $loader in
        signed) cp "$packages/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed" "$dir/EFI/BOOT/grubx64.efi" ;;
        # The very GRUB that Debian signs, as it is before.
        unsigned) cp "$packages/usr/lib/grub/x86_64-efi/monolithic/grubx64.efi" "$dir/EFI/BOOT/grubx64.efi" ;;
    esac
}

# disk_build WORK CONFIGS LOADER CMDLINE QCOW2
disk_build() {
    local work=$1 configs=$2 loader=$3 cmdline=$4 qcow2=$5 packages=$1/packages
    rm -rf "$work/esp" "$work/part.raw" "$work/disk.raw"
    mkdir "$work/esp"
    cp "$work/vmlinuz" "$work/initrd.gz" "$work/esp/"
    loader_files "$loader" "$packages" "$configs" "$cmdline" "$work/esp"
    partition_fill "$work/part.raw" "$work/esp"
    [ "$loader" != bios ] || "$packages/usr/bin/syslinux" --install "$work/part.raw"

    disk_label "$work/disk.raw" "$loader"
    dd if="$work/part.raw" of="$work/disk.raw" bs=1M seek=1 conv=notrunc,sparse status=none
    # The first 440 bytes are the boot code; the partition table follows it.
    [ "$loader" != bios ] || dd if="$packages/usr/lib/syslinux/mbr/mbr.bin" of="$work/disk.raw" bs=440 count=1 conv=notrunc status=none
    qemu-img convert -f raw -O qcow2 "$work/disk.raw" "$qcow2"
}

# definition_write BASE SKU VERSION GENERATION SECURITY: BASE.json beside BASE.qcow2
definition_write() {
    local name
    name=$(basename "$1")
    cat >"$1.json" <<JSON
{
  "publisher": "Testudo",
  "offer": "mini",
  "sku": "$2",
  "version": "$3",
  "hyperVGeneration": "$4",
  "architecture": "x64",
  "osType": "Linux",
  "securityType": "$5",
  "guestAgent": true,
  "format": "qcow2",
  "file": "$name.qcow2",
  "sha256": "$(sha256sum <"$1.qcow2" | cut -d ' ' -f 1)"
}
JSON
}
