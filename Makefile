# make demo   installs what the build needs, builds, judges this machine
# make test   installs what the tests need, builds, runs all tests, each once
# make test-quick   the same without labs and programs of the machine (label real)
BUILD ?= build
JOBS ?= $(shell nproc)

.PHONY: build demo test test-quick asan bench docs format install uninstall clean

build:
	@tools/setup tools/packages.txt
	@cmake -S . -B $(BUILD) -G Ninja -DBUILD_TESTING=OFF >/dev/null
	@echo "build: imops"
	@cmake --build $(BUILD) -j $(JOBS) --target imops

demo: build
	@echo "demo: judging this machine as a private messaging host (imops preflight --demo)"
	@$(BUILD)/imops preflight --demo || { s=$$?; echo "demo: status $$s (1: this machine has something to mend, see above; 3: something could not be found out)"; [ $$s -le 3 ]; }

# The commands of ctest say what they do; labs of network namespaces need root.
test:
	@tools/setup tools/packages.txt tests/packages.txt tests/lab/packages.txt
	@cmake -S . -B $(BUILD) -G Ninja -DBUILD_TESTING=ON >/dev/null
	@echo "test: building"
	@cmake --build $(BUILD) -j $(JOBS)
	@ctest --test-dir $(BUILD) -j $(JOBS) --output-on-failure

test-quick:
	@tools/setup tools/packages.txt tests/packages.txt
	@cmake -S . -B $(BUILD) -G Ninja -DBUILD_TESTING=ON >/dev/null
	@cmake --build $(BUILD) -j $(JOBS)
	@ctest --test-dir $(BUILD) -j $(JOBS) -LE real --output-on-failure

asan:
	@tools/setup tools/packages.txt tests/packages.txt tests/lab/packages.txt
	@cmake -S . -B build-asan -G Ninja -DBUILD_TESTING=ON -DIMOPS_SANITIZE=ON >/dev/null
	@cmake --build build-asan -j $(JOBS)
	@ctest --test-dir build-asan -j $(JOBS) --output-on-failure

bench: build
	@tools/setup tools/packages.txt tests/lab/packages.txt tests/bench/packages.txt
	@tests/bench/run $(BUILD)/imops

docs: build
	@$(BUILD)/imops checks doc --lang en > docs/checks.md
	@$(BUILD)/imops checks doc --lang zh > docs/zh/checks.md

format:
	@git ls-files -co --exclude-standard '*.cpp' '*.hpp' | xargs ls -d 2>/dev/null | xargs clang-format -i

install: build
	@cmake --build $(BUILD) -j $(JOBS) --target manuals
	@DESTDIR=$(DESTDIR) cmake --install $(BUILD)

uninstall:
	@while read -r file || [ -n "$$file" ]; do rm -f "$(DESTDIR)$$file"; done < $(BUILD)/install_manifest.txt

clean:
	@rm -rf $(BUILD) build-asan build-tsan build-debug
