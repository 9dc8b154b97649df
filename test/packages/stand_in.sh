# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Packages for test-packages that stand in for others. To be sourced, in the top folder, with WORK
# set.

suite_has_old_criu() {
	[ "$1" = bookworm ]
}

# Print the folder of a stock CRIU 4.1.
stand_in_criu() {
	scripts/get-criu 4.1.1 >/dev/null && echo build/criu/4.1.1
}

# Make the package FILE, whose control file and contents are those of the folder ROOT.
make_package() {
	dpkg-deb --root-owner-group --build "$1" "$2" >/dev/null
}

# write_control ROOT NAME VERSION [LINE]
write_control() {
	mkdir -p "$1/DEBIAN"
	printf '%s\n' "Package: $2" "Version: $3" 'Architecture: amd64' \
		'Maintainer: nobody <nobody@localhost>' 'Description: a stand-in of a test' \
		${4:+"$4"} >"$1/DEBIAN/control"
}

# The CRIU in the folder CRIU as the package FILE.
# stand_in_package CRIU FILE
stand_in_package() {
	root=$WORK/stand-in-criu
	write_control "$root" criu "$(cut -d ' ' -f 1 "$1/package")"
	mkdir -p "$root/opt" "$root/usr/sbin"
	cp -r "$1" "$root/opt/criu"
	ln -s /opt/criu/criu "$root/usr/sbin/criu"
	make_package "$root" "$2"
}

# A package NAME that has just the file PATH.
# make_dummy FOLDER NAME PATH [LINE]
make_dummy() {
	root=$WORK/dummy-$2
	write_control "$root" "$2" 1 ${4:+"$4"}
	mkdir -p "$root/$(dirname "$3")"
	echo "of $2" >"$root/$3"
	make_package "$root" "$1/$2.deb"
}

# Two with a plugin, one of which says so, and one with a utility as NVIDIA's.
make_dummies() {
	make_dummy "$1" other-plugin usr/lib/criu/cuda_plugin.so 'Provides: criu-plugin-cuda'
	make_dummy "$1" silent-plugin usr/lib/criu/cuda_plugin.so
	make_dummy "$1" nvidia-utility usr/bin/cuda-checkpoint
}

# Have rpmbuild in ROOT make a package NAME that has the file PATH, in /dummy.
# make_dummy_rpm ROOT NAME PATH
make_dummy_rpm() {
	cat >"$1/dummy.spec" <<-END
		Name: $2
		Version: 1
		Release: 1
		Summary: a stand-in of a test
		License: none
		BuildArch: noarch
		%description
		A stand-in.
		%install
		mkdir -p %{buildroot}$(dirname "$3")
		echo other >%{buildroot}$3
		%files
		$3
	END
	in_chroot "$1" sh -ec 'rpmbuild -bb --define "_topdir /rpmbuild" /dummy.spec
		mkdir -p /dummy && mv /rpmbuild/RPMS/noarch/*.rpm /dummy/'
}
