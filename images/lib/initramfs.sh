# The guest's whole system: an initramfs that stays the root file system.

# Loaded by the guest's init (guest/init) or on demand by the kernel (file systems and their character sets).
guest_modules='virtio_pci virtio_console virtio_blk virtio_net virtio-rng efivarfs button evdev
    isofs vfat nls_cp437 nls_ascii'

# module_closure MODULES_DIR NAME...: the modules and all that they need, as paths.
module_closure() {
    local dir=$1 name file need
    shift
    declare -A seen=()
    while [ $# -gt 0 ]; do
        name=${1//-/_} && shift
        [ -z "${seen[$name]:-}" ] || continue
        file=$(find "$dir" -name "${name//_/[-_]}.ko" -print -quit)
        [ -n "$file" ] || fail "the kernel package has no module '$name'"
        seen[$name]=1
        echo "$file"
        need=$(grep -aoz '^depends=.*' "$file" | tr -d '\0')
        # shellcheck disable=SC2046
        set -- "$@" $(tr , ' ' <<<"${need#depends=}")
    done
}

# library_closure PACKAGES FILE: the shared libraries that a program needs, the loader too, as paths.
library_closure() {
    local packages=$1 need file
    shift
    declare -A seen=()
    while [ $# -gt 0 ]; do
        for need in $(objdump -p "$1" | awk '$1 == "NEEDED" { print $2 }'); do
            [ -z "${seen[$need]:-}" ] || continue
            file=$(find "$packages/lib/x86_64-linux-gnu" "$packages/usr/lib/x86_64-linux-gnu" -name "$need" -print -quit)
            [ -n "$file" ] || fail "no package has the library '$need' (content_packages in lib/packages.sh)"
            seen[$need]=1
            echo "$file"
            set -- "$@" "$file"
        done
        shift
    done
}

initramfs_programs() {
    local packages=$1 root=$2 applet file
    install -m 755 "$packages/bin/busybox" "$packages/usr/sbin/qemu-ga" "$root/bin/"
    for applet in $("$packages/bin/busybox" --list); do
        # These four are guest/shutdown; busybox' own wait seconds for processes that have nothing to save.
        case $applet in busybox | shutdown | poweroff | reboot | halt) continue ;; esac
        ln -s busybox "$root/bin/$applet"
    done
    while read -r file; do
        install -m 755 "$file" "$root/lib/x86_64-linux-gnu/"
    done < <(library_closure "$packages" "$packages/usr/sbin/qemu-ga")
    ln -s ../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 "$root/lib64/"
}

initramfs_modules() {
    local packages=$1 root=$2 version dir file
    version=$(cd "$packages/lib/modules" && echo *)
    dir=lib/modules/$version
    mkdir -p "$root/$dir"
    # shellcheck disable=SC2086
    while read -r file; do
        install -m 644 "$file" "$root/$dir/"
    done < <(module_closure "$packages/$dir" $guest_modules)
    cp "$packages/$dir/modules.builtin" "$root/$dir/"
    "$packages/bin/busybox" depmod -b "$root" "$version"
    # depmod writes in the order of the folder, which differs from one file system to another.
    for file in modules.dep modules.alias modules.symbols; do
        [ ! -f "$root/$dir/$file" ] || sort -o "$root/$dir/$file" "$root/$dir/$file"
    done
}

initramfs_scripts() {
    local guest=$1 root=$2 name
    install -m 755 "$guest/init" "$root/init"
    install -m 755 "$guest/mount-os" "$guest/link-disks" "$guest/network" "$guest/health" "$guest/shutdown" "$root/bin/"
    for name in poweroff reboot halt; do
        ln -s shutdown "$root/bin/$name"
    done
    install -m 644 "$guest/inittab" "$guest/passwd" "$guest/group" "$root/etc/"
    install -D -m 755 "$guest/power-button" "$root/etc/acpi/PWRF/00000080"
}

# initramfs_build PACKAGES GUEST WORK: makes WORK/vmlinuz (the signed kernel) and WORK/initrd.gz.
initramfs_build() {
    local packages=$1 guest=$2 work=$3 root=$3/root
    mkdir -p "$root"/{bin,dev,etc,lib/x86_64-linux-gnu,lib64,mnt,os,proc,root,run,sys,tmp,usr,var}
    ln -s bin "$root/sbin"
    ln -s ../bin ../lib "$root/usr/"
    ln -s ../bin "$root/usr/sbin"
    ln -s ../run ../tmp "$root/var/"
    initramfs_programs "$packages" "$root"
    initramfs_modules "$packages" "$root"
    initramfs_scripts "$guest" "$root"

    find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
    (cd "$root" && find . | sort | cpio --quiet --reproducible -o -H newc -R +0:+0) | gzip -n -9 >"$work/initrd.gz"
    cp "$packages"/boot/vmlinuz-* "$work/vmlinuz"
}
