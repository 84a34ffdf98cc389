#!/bin/sh
# Run after a version of Cairn was taken off the disk, in place of electron-builder's own, which takes the command and the
# profile away from the version that has just been installed as well: rpm runs it after everything of the new one.
#   deb: remove, purge, disappear, abort-install (nothing of Cairn is left); upgrade, failed-upgrade, abort-upgrade (one is)
#   rpm: how many versions of it are left
# rpm hands it to sh whatever stands above, and takes percent signs for its own.
case "$1" in
  remove | purge | disappear | abort-install | 0) ;;
  *) exit 0 ;;
esac

link='/usr/bin/${executable}'
program='/opt/${sanitizedProductName}/${executable}'
if command -v update-alternatives > /dev/null 2>&1; then
  update-alternatives --remove '${executable}' "$program" || true
fi
# Where nothing registers alternatives, it is a plain link. Whatever else has that name is somebody else's.
if [ -h "$link" ] && [ "$(readlink "$link")" = "$program" ]; then
  rm -f "$link"
fi

profile='/etc/apparmor.d/${executable}'
if [ -f "$profile" ]; then
  # Otherwise the kernel goes by it until the machine is started again. An image that is being made has no kernel of its own.
  if ! { [ -x /usr/bin/ischroot ] && /usr/bin/ischroot; } && command -v apparmor_parser > /dev/null 2>&1; then
    apparmor_parser --remove "$profile" > /dev/null 2>&1 || true
  fi
  rm -f "$profile"
fi
exit 0
