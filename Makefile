# hc: hand-crafted containers. `make help` lists the targets.

PREFIX ?= $(DEFAULT_PREFIX)
DESTDIR ?=
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
# Where bash-completion, zsh and fish look in a PREFIX.
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d
CARGO ?= cargo

# What is built does not depend on where that is, or where cargo keeps the crates: no path of this machine gets into it.
CRATES = $(or $(CARGO_HOME),$(HOME)/.cargo)
REMAP = --config "target.$(TARGET).rustflags = ['--remap-path-prefix=$(CURDIR)=.', '--remap-path-prefix=$(CRATES)=crates']"

# Root installs for all, others for themselves; who has no home gets a directory here.
DEFAULT_PREFIX := $(shell if [ "$$(id -u)" = 0 ]; then echo /usr/local; else echo "$${HOME:-$(CURDIR)/target}/.local"; fi)

TOOLS = hc-cgroup hc-env hc-netns hc-rootfs hc-run hc-unshare
PAGES = $(wildcard man/*.[1-8])
# Another one that is installed: `make TARGET=x86_64-unknown-linux-musl`. Tests and benchmark build for it, too.
TARGET := $(or $(CARGO_BUILD_TARGET),x86_64-unknown-linux-gnu)
export CARGO_BUILD_TARGET := $(TARGET)
RELEASE = $(or $(CARGO_TARGET_DIR),target)/$(TARGET)/release
COMPLETIONS = $(RELEASE)/completions
DEB = $(abspath $(RELEASE))/deb
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
DIST = $(or $(CARGO_TARGET_DIR),target)/dist

# One after the other, also with -j: cargo is parallel by itself, and hello runs what install has installed.
.NOTPARALLEL:
.PHONY: all help install uninstall hello deb dist test test-cluster test-vm test-vm-systemd test-dist bench lint clean

all:
	$(CARGO) build --release --locked $(REMAP) --workspace $(TOOLS:%=--bin %)
	mkdir -p '$(COMPLETIONS)'
	for shell in bash zsh fish; do man/completions/generate '$(RELEASE)' $$shell >'$(COMPLETIONS)'/$$shell || exit; done

help:
	@echo 'make                     build the tools, or TARGET=x86_64-unknown-linux-musl ...'
	@echo 'make install             install them, their pages and completions: PREFIX=$(PREFIX) DESTDIR='
	@echo 'make hello               run the installed hc-run'
	@echo 'make uninstall           remove what install put there'
	@echo 'make deb                 a Debian package of them'
	@echo 'make dist                a tarball of the last commit and all crates, which builds offline'
	@echo 'make test                run all tests, as root for all of them'
	@echo 'make test-vm             run those that another kernel matters to in a virtual machine, or TESTS="run:: unshare::jail" ...'
	@echo 'make test-vm-systemd     run what takes systemd as process 1 in there'
	@echo 'make test-cluster        run containers by Slurm and by GNU parallel over ssh, on a quiet machine'
	@echo 'make test-dist           build the tarball and, out of that, the package, twice: the same bytes'
	@echo 'make bench               measure all, or BENCH="start" ...; BENCH=--readme renews tests/bench/README.md'
	@echo 'make lint                formatting, clippy, rustdoc, pages, scripts'
	@echo 'make clean               remove what was built'

# Removed first: a tool that is running cannot be written to, but it can be replaced.
install: all
	install -d '$(DESTDIR)$(BINDIR)'
	for tool in $(TOOLS); do \
		rm -f '$(DESTDIR)$(BINDIR)'/$$tool && \
		install -m 755 '$(RELEASE)'/$$tool '$(DESTDIR)$(BINDIR)'/$$tool || exit; \
	done
	for page in $(notdir $(PAGES)); do \
		section='$(DESTDIR)$(MANDIR)'/man$${page##*.} && \
		install -d "$$section" && install -m 644 man/$$page "$$section"/$$page || exit; \
	done
	install -d '$(DESTDIR)$(BASHDIR)' '$(DESTDIR)$(ZSHDIR)' '$(DESTDIR)$(FISHDIR)'
	install -m 644 '$(COMPLETIONS)'/zsh '$(DESTDIR)$(ZSHDIR)'/_hc
	install -m 644 '$(COMPLETIONS)'/bash '$(DESTDIR)$(BASHDIR)'/hc-run
	install -m 644 '$(COMPLETIONS)'/fish '$(DESTDIR)$(FISHDIR)'/hc-run.fish
	for tool in $(filter-out hc-run,$(TOOLS)); do \
		ln -sf hc-run '$(DESTDIR)$(BASHDIR)'/$$tool && \
		ln -sf hc-run.fish '$(DESTDIR)$(FISHDIR)'/$$tool.fish || exit; \
	done

uninstall:
	for tool in $(TOOLS); do rm -f '$(DESTDIR)$(BINDIR)'/$$tool || exit; done
	for page in $(notdir $(PAGES)); do rm -f '$(DESTDIR)$(MANDIR)'/man$${page##*.}/$$page || exit; done
	rm -f '$(DESTDIR)$(ZSHDIR)'/_hc
	for tool in $(TOOLS); do rm -f '$(DESTDIR)$(BASHDIR)'/$$tool '$(DESTDIR)$(FISHDIR)'/$$tool.fish || exit; done

hello:
	'$(DESTDIR)$(BINDIR)'/hc-run /bin/echo 'Hello, world!'

# debhelper wants debian/ at the top of what it works on, so that is a directory of its own. It gives all files the time of
# the changelog.
deb: all
	tests/require dh_builddeb
	rm -rf '$(DEB)'
	install -d '$(DEB)'
	cp -R man/debian README.md SECURITY.md '$(DEB)'
	$(MAKE) install DESTDIR='$(DEB)'/debian/hc PREFIX=/usr ZSHDIR=/usr/share/zsh/vendor-completions
	cd '$(DEB)' && SOURCE_DATE_EPOCH=$$(dpkg-parsechangelog -S Timestamp) && export SOURCE_DATE_EPOCH && \
		dh_installdocs && dh_installchangelogs && dh_lintian && dh_compress && dh_fixperms && \
		dh_gencontrol -- -Vhc:Built-Using="$$(dpkg-query -W -f '$${source:Package} (= $${source:Version})' libc6-dev)" && \
		dh_md5sums && dh_builddeb --destdir=.
	@echo 'made:' '$(DEB)'/*.deb

# As the last commit has it, at its time, and nobody's: the same bytes for everybody.
dist:
	rm -rf '$(DIST)'
	install -d '$(DIST)'/hc-$(VERSION)
	git archive -o '$(DIST)'/commit.tar HEAD
	tar -x -f '$(DIST)'/commit.tar -C '$(DIST)'/hc-$(VERSION)
	cd '$(DIST)'/hc-$(VERSION) && $(CARGO) vendor --locked --versioned-dirs vendor >../source.toml && \
		{ echo; cat ../source.toml; } >>.cargo/config.toml
	time=$$(git log -1 --format=%ct) && cd '$(DIST)' && \
		tar -c -f hc-$(VERSION).tar --format=gnu --sort=name --owner=0 --group=0 --numeric-owner \
		--mode=u=rwX,go=rX --mtime="@$$time" hc-$(VERSION) && gzip -9n hc-$(VERSION).tar
	@echo 'made:' '$(DIST)'/hc-$(VERSION).tar.gz

test:
	tests/require
	$(CARGO) test --locked --workspace

# As root, for the files of the machine to be root's. What a kernel decides about: all of hc-cgroup, which is on version 2
# there; the contract, containers and jails, on an older kernel. An emulated processor is slow: all tests take longer than CI has.
TESTS ?= cgroup:: contract:: run::container run::limits run::os unshare::furnish::cgroupfs unshare::jail
test-vm: all
	tests/require
	tests/vm/run $(TESTS)

# Slurm and sshd on three machines that are none: they have limits of time of their own, so nothing else runs meanwhile.
test-cluster:
	tests/require
	HC_TEST_CLUSTER=1 $(CARGO) test --locked -p hc-tests --test suite -- --test-threads=1 cluster::

# The same machine, as systemd boots it.
TESTS_SYSTEMD ?= systemd::booted
test-vm-systemd: all
	tests/require
	tests/vm/run --systemd $(TESTS_SYSTEMD)

# As root, who may take the network away.
test-dist:
	tests/require make cc git dh_builddeb
	tests/dist

# As root, and on a machine that does nothing else.
bench:
	tests/require
	$(CARGO) run --quiet --locked -p hc-tests --bin hc-bench -- $(BENCH)

lint:
	tests/require
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --locked --workspace --no-deps --document-private-items
	mandoc -T lint -W warning $(PAGES)
	shellcheck man/completions/generate man/completions/hc.bash tests/require tests/dist tests/vm/* tests/bench/script/*.sh .ci/run

clean:
	$(CARGO) clean
