#!/usr/bin/env python3
"""Shows that each rule can fail: small trees with one fault each, and the same tree without it."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import documents
import headers
import include_budget
import layers
import orphans
import source_tree
import tidy

LAYERS = (
    "api:\nbase: api\nwire: base\nnet: base\nsdk: wire base api\ngateway: net wire base\n"
    "apart: sdk/trace sdk/metrics\napart: gateway/receivers/*\n"
)


OPENING = "// What it is for.\n"


class RuleTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name
        self.write("cmake/layers.txt", LAYERS)

    def write(self, path, text):
        file = pathlib.Path(self.root, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def assert_found(self, findings, path, words):
        self.assertTrue(any(f.path == path and words in f.message for f in findings), [str(f) for f in findings])


class LayersTest(RuleTest):
    def setUp(self):
        super().setUp()
        self.write("include/nanospan/result.h", "#include <optional>\n")
        self.write("src/base/time.h", "#include <nanospan/result.h>\n")
        self.write("src/wire/reader.h", '#include "base/time.h"\n')
        self.write("src/net/url.h", '#include "base/time.h"\n#include <sys/socket.h>\n')

    def test_a_clean_tree_passes(self):
        self.write("tests/wire/reader_test.cc", '#include "wire/reader.h"\n#include <gtest/gtest.h>\n')
        self.assertEqual(layers.check(self.root), [])

    def test_an_edge_that_is_not_listed(self):
        self.write("src/wire/writer.h", '#include "net/url.h"\n')
        self.assert_found(layers.check(self.root), "src/wire/writer.h", "may not include net")

    def test_an_include_with_spaces_or_brackets(self):
        self.write("src/wire/writer.h", '#  include   "net/url.h"\n')
        self.assert_found(layers.check(self.root), "src/wire/writer.h", "may not include net")
        self.write("src/net/tls.h", "#include <nanospan/result.h>\n")
        self.assert_found(layers.check(self.root), "src/net/tls.h", "net may not include api")

    def test_a_circle_of_modules(self):
        self.write("cmake/layers.txt", "api: wire\nbase: api\nwire: base\nnet: base\n")
        self.assert_found(layers.check(self.root), "cmake/layers.txt", "circle")

    def test_a_circle_of_folders(self):
        self.write("src/sdk/trace/span.h", '#include "sdk/context/context.h"\n')
        self.write("src/sdk/context/context.h", '#include "sdk/trace/span.h"\n')
        self.assert_found(layers.check(self.root), "src/sdk", "in a circle")

    def test_folders_that_stand_apart(self):
        self.write("src/sdk/trace/span.h", "")
        self.write("src/sdk/metrics/counter.h", '#include "sdk/trace/span.h"\n')
        self.write("src/gateway/receivers/otlp/http.h", "")
        self.write("src/gateway/receivers/zipkin/http.h", '#include "gateway/receivers/otlp/http.h"\n')
        found = layers.check(self.root)
        self.assert_found(found, "src/sdk/metrics/counter.h", "stand apart")
        self.assert_found(found, "src/gateway/receivers/zipkin/http.h", "stand apart")

    def test_the_public_folder_stands_alone(self):
        self.write("include/nanospan/trace.h", '#include "base/time.h"\n')
        self.write("include/nanospan/trace.cc", "")
        found = layers.check(self.root)
        self.assert_found(found, "include/nanospan/trace.h", "api may not include base")
        self.assert_found(found, "include/nanospan/trace.cc", "headers only")

    def test_examples_see_what_users_see(self):
        self.write(
            "examples/orders/main.cc", '#include <nanospan/result.h>\n#include <httplib.h>\n#include "base/time.h"\n'
        )
        found = layers.check(self.root)
        self.assertEqual(len(found), 1)
        self.assert_found(found, "examples/orders/main.cc", "examples may not include base")

    def test_tests_of_examples_see_what_examples_see(self):
        self.write("examples/orders/order.h", "#pragma once\n")
        lines = '#include "examples/orders/order.h"\n#include "base/time.h"\n'
        self.write("tests/examples/order_test.cc", lines)
        self.write("tests/sdk/order_test.cc", lines)
        found = layers.check(self.root)
        self.assert_found(found, "tests/examples/order_test.cc", "may not include base")
        self.assert_found(found, "tests/sdk/order_test.cc", "may not include examples")
        self.assertEqual(len(found), 2)

    def test_tests_see_their_module_only(self):
        self.write("tests/wire/reader_test.cc", '#include "net/url.h"\n')
        self.assert_found(layers.check(self.root), "tests/wire/reader_test.cc", "may not include net")

    def test_tests_see_no_further_through_support(self):
        self.write("tests/support/fake_net.h", '#include "net/url.h"\n')
        self.write("tests/wire/reader_test.cc", '#include "tests/support/fake_net.h"\n')
        self.assert_found(layers.check(self.root), "tests/wire/reader_test.cc", "through tests/support it reaches net")

    def test_tests_of_others(self):
        self.write("tests/net/helper.h", "")
        self.write("tests/wire/reader_test.cc", '#include "tests/net/helper.h"\n')
        self.assert_found(layers.check(self.root), "tests/wire/reader_test.cc", "belongs to other tests")

    def test_an_unknown_module_and_a_source_as_header(self):
        self.write("src/misc/thing.h", '#include "base/time.cc"\n')
        found = layers.check(self.root)
        self.assert_found(found, "src/misc/thing.h", "no line in")
        self.assert_found(found, "src/misc/thing.h", "include headers")


class TidyTest(RuleTest):
    def test_a_clean_file_passes(self):
        self.write(
            "src/base/a.cc",
            "// sleep(1), new and delete are only words here\n"
            '#include <new>\nA(const A&) = delete;\nauto s = "printf(";\n'
            "auto u = std::unique_ptr<A>(new A(1)); auto n = 1'000'000; auto c = '\"'; auto p = ::new (place) A;\n",
        )
        self.assertEqual(tidy.check(self.root), [])

    def test_sizes(self):
        self.write("src/base/long.cc", "int a;\n" * 701)
        self.write("src/base/wide.cc", "// " + "x" * 118 + "\n")
        self.write(
            "src/base/deep.cc",
            "namespace a {\nclass B {\n  int f(int x) const {\n" + "    x++;\n" * 69 + "  }\n};\n}\n",
        )
        found = tidy.check(self.root)
        self.assert_found(found, "src/base/long.cc", "file has 701 lines")
        self.assert_found(found, "src/base/wide.cc", "121 columns")
        self.assert_found(found, "src/base/deep.cc", "function f has 71 lines")

    def test_the_ratchet_only_shrinks(self):
        body = OPENING + "int f() {\n" + "  g();\n" * 78 + "}\n"
        self.write("src/base/deep.cc", body)
        for allowed, where, words in (
            ("79", "src/base/deep.cc", "at most 79"),
            ("81", tidy.RATCHET, "is 80 lines now"),
            ("80", None, ""),
        ):
            self.write(tidy.RATCHET, f"# comment\n{allowed} src/base/deep.cc:f\n")
            found = tidy.check(self.root)
            if where:
                self.assert_found(found, where, words)
            else:
                self.assertEqual(found, [])
        self.write("src/base/deep.cc", "int f() {}\n")
        self.assert_found(tidy.check(self.root), tidy.RATCHET, "remove it")

    def test_a_file_of_the_library_opens_with_what_it_is_for(self):
        for path, text, is_right in (
            ("src/base/a.cc", '#include "base/a.h"\n', False),
            ("src/base/a.cc", "//\n// A.\nint a;\n", False),
            ("src/base/a.cc", "// What it is for.\nint a;\n", True),
            ("include/nanospan/a.h", "#pragma once\n// What it is for.\n", False),
            ("include/nanospan/a.h", "// What it is for.\n#pragma once\n", True),
            ("tests/base/a_test.cc", "int a;\n", True),
        ):
            self.write(path, text)
            if is_right:
                self.assertEqual(tidy.check(self.root), [])
            else:
                self.assert_found(tidy.check(self.root), path, "opens without a comment")

    def test_function_bodies_are_found(self):
        code = (
            "A::A(int x) : x_(x), y_{x} {\n}\nTEST(Suite, Case) {\n  if (x) {\n  }\n}\nstruct S { int a = 1; };\n"
            "#if defined(A) && \\\n    defined(B)\n#endif\nnamespace {\nint a;\n}\n"
            "template <class T, class U = V<int>>\nstruct alignas(64) W : X<decltype(f())> {\n  int a;\n};\n"
            'template <class T>\nauto f(T t) -> int\n{\n}\nextern "C" {\nvoid g() {\n}\n}\n'
        )
        self.assertEqual(
            [name for name, _, _ in tidy.functions(source_tree.code_of(code))][-3:], ["Suite.Case", "f", "g"]
        )

    def test_each_banned_call(self):
        faults = {
            "getenv": 'auto x = std::getenv("A");',
            "new": "auto x = new A();",
            "delete": "delete x;",
            "regex": "std::regex x;",
            "sleep": "std::this_thread::sleep_for(x);",
            "iostream": "std::cout << x;",
            "printf": 'std::printf("x");',
            "unbounded": "strcpy(a, b);",
            "atoi": "auto x = atoi(s);",
            "rand": "auto x = rand();",
            "throw": "throw x;",
            "abort": "std::abort();",
            "clock": "auto x = std::chrono::steady_clock::now();",
        }
        self.assertEqual(set(faults), {rule for rule, *_ in tidy.BANNED})
        for rule, line in faults.items():
            path = f"src/sdk/{rule}.cc"
            self.write(path, line + "\n")
            self.assert_found(tidy.check(self.root), path, rule + ":")

    def test_more_forms_of_allocation(self):
        for line in (
            "delete[] x;",
            "delete (x);",
            "auto* x = new int[3];",
            "auto* x = new (std::nothrow) A;",
            "x = new ns::A{1};",
        ):
            self.write("src/sdk/a.cc", OPENING + line + "\n")
            self.assertEqual(len(tidy.check(self.root)), 1, line)

    def test_exceptions_carry_reasons_and_are_used(self):
        self.write("src/sdk/a.cc", OPENING + "std::abort();\n")
        self.write(tidy.EXCEPTIONS, "abort src/sdk/a.cc a reason\n")
        self.assertEqual(tidy.check(self.root), [])
        self.write(tidy.EXCEPTIONS, "abort src/sdk/a.cc\nthrow src/sdk/a.cc why not\n")
        found = tidy.check(self.root)
        self.assert_found(found, tidy.EXCEPTIONS, "needs a reason")
        self.assert_found(found, tidy.EXCEPTIONS, "not needed any more")

    def test_leftovers(self):
        for word in ("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"):
            self.write("tools/thing", f"#!/bin/sh\n# {word}: later\n")
            self.assert_found(tidy.check(self.root), "tools/thing", "leftover " + word)


class OrphansTest(RuleTest):
    def test_sources_that_are_compiled_in_groups_are_compiled(self):
        group = f"{self.root}/build/Unity/unity_0_cxx.cxx"
        self.write("build/Unity/unity_0_cxx.cxx", f'#include "{self.root}/src/base/a.cc"\n')
        commands = [{"directory": self.root, "file": file} for file in (group, "src/base/b.cc")]
        self.write("build/compile_commands.json", json.dumps(commands))
        found = orphans.compiled_files(self.root + "/build")
        for source in ("src/base/a.cc", "src/base/b.cc"):
            self.assertIn(pathlib.Path(self.root, source).resolve(), found)

    def check(self, *compiled):
        return orphans.check(
            self.root, {pathlib.Path(self.root, path).resolve() for path in compiled}, ["src", "tests"]
        )

    def test_a_clean_tree_passes(self):
        self.write("src/base/a.h", "")
        self.write("src/base/a.cc", '#include "base/a.h"\n')
        self.write("tests/base/a_concurrent_test.cc", "")
        self.write(
            "README.md",
            "# The Picture, and more\n[here](#the-picture-and-more) [a](src/base/a.h) [w](https://x.y) `[n](o)`\n",
        )
        self.assertEqual(self.check("src/base/a.cc", "tests/base/a_concurrent_test.cc"), [])

    def test_a_source_in_no_target(self):
        self.write("src/base/a.cc", "")
        self.assert_found(self.check(), "src/base/a.cc", "in no target")

    def test_a_header_that_nobody_includes(self):
        self.write("src/base/a.h", "")
        self.assert_found(self.check(), "src/base/a.h", "no file includes")

    def test_a_source_without_a_test(self):
        self.write("src/base/a.cc", "")
        self.assert_found(self.check("src/base/a.cc"), "src/base/a.cc", "has no test: write tests/base/a_test.cc")
        self.write(orphans.UNTESTED, "src/base/a.cc\n")
        self.assertEqual(self.check("src/base/a.cc"), [])
        self.write("tests/base/b_test.cc", '#include "base/a.h"\n')
        self.assert_found(self.check("src/base/a.cc", "tests/base/b_test.cc"), orphans.UNTESTED, "remove it")

    def test_links_that_lead_nowhere(self):
        self.write("docs/a.md", "# One\n[x](b.md)\n[y](a.md#two)\n[z](#one)\n")
        found = self.check()
        self.assertEqual(len(found), 2)
        self.assert_found(found, "docs/a.md", "b.md leads nowhere")
        self.assert_found(found, "docs/a.md", "no such heading")


class DocumentsTest(RuleTest):
    def setUp(self):
        super().setUp()
        self.write("Makefile", "build:\n\ttrue\n")
        self.write("src/base/a.cc", "")
        self.write("bench/speed.cc", "")
        self.write("tests/base/a_test.cc", "TEST(Suite1, Case) {\n")

    def test_what_exists_may_be_named(self):
        self.write(
            "docs/compliance.md",
            "`src/base/{a,a}.cc` `bench/speed` `tests/NAME/*` `/etc/src/x` `make build` `Suite1.Case` `Suite1.*`\n"
            "```\nmake build && build/src/x\n```\n",
        )
        self.write("CHANGELOG.md", "`src/base/gone.cc`\n")
        self.assertEqual(documents.check(self.root), [])

    def test_what_does_not_exist(self):
        self.write(
            "docs/compliance.md", "`src/base/{a,b}.cc`\n```\nmake install\n```\n`Suite1.Other` `Suite2.*`\n"
        )
        found = documents.check(self.root)
        for words in ("src/base/b.cc does not", "`make install`", "no case Suite1.Other", "no suite Suite2"):
            self.assert_found(found, "docs/compliance.md", words)
        self.assertEqual(len(found), 4)

    def test_a_decision_that_the_index_lacks(self):
        self.write("docs/decisions/README.md", "[0001](0001-one.md)\n")
        self.write("docs/decisions/0001-one.md", "# 0001 One\n")
        self.write("docs/decisions/0002-two.md", "# 0002 Two\n")
        found = documents.check(self.root)
        self.assert_found(found, "docs/decisions/README.md", "0002-two.md is not listed")
        self.assertEqual(len(found), 1)

    def test_a_readme_that_shows_another_program_than_the_example(self):
        self.write("examples/quickstart/main.cc", "int main() {}\n")
        self.write("README.md", "```cpp\nint main() {}\n```\n```cpp\nint more();\n```\n")
        self.assertEqual(documents.check(self.root), [])
        self.write("README.md", "```cpp\nint main() { return 1; }\n```\n")
        self.assert_found(documents.check(self.root), "README.md", "is not examples/quickstart/main.cc")


class CompilerTest(RuleTest):
    """Rules that run a compiler; its name is the program's argument."""

    compiler = "c++"

    def test_a_header_that_needs_another(self):
        self.write("src/base/a.h", "#pragma once\nstd::string name();\n")
        self.write("include/nanospan/b.h", "#pragma once\n#include <string>\nstd::string name();\n")
        found = headers.check(self.root, self.root + "/work", [[self.compiler]])
        self.assertEqual(len(found), 1)
        self.assert_found(found, "src/base/a.h", "does not compile alone")

    def test_a_source_shows_its_header_only_if_it_begins_with_it(self):
        self.write("src/base/a.h", "#pragma once\nstd::string name();\n")
        self.write("src/base/a.cc", '#include <string>\n\n#include "base/a.h"\n')
        self.write("src/base/b.h", "#pragma once\nstd::string other();\n")
        self.write("src/base/b.cc", '#include "base/b.h"\n')
        found = headers.check(self.root, self.root + "/work", [[self.compiler]])
        self.assertEqual(len(found), 1)
        self.assert_found(found, "src/base/a.h", "does not compile alone")

    def test_a_public_header_that_needs_exceptions_or_rtti(self):
        self.write("include/nanospan/a.h", "#pragma once\ninline void f() { throw 1; }\n")
        self.write(
            "include/nanospan/b.h",
            "#pragma once\n#include <typeinfo>\ninline auto g() { return typeid(int).name(); }\n",
        )
        found = headers.check(self.root, self.root + "/work", [[self.compiler]])
        self.assertEqual(len(found), 1)
        for header in ("include/nanospan/a.h:2", "include/nanospan/b.h:3"):
            self.assertIn(header, found[0].message)

    def test_the_entry_header(self):
        self.write("include/nanospan/nanospan.h", "#pragma once\n#include <string_view>\n")
        self.assertEqual(include_budget.check_entry(self.root, self.compiler)[0], [])
        self.assert_found(
            include_budget.check_entry(self.root, self.compiler, 1000)[0], include_budget.ENTRY, "at most 1000"
        )
        for header in include_budget.COSTLY:
            self.write("include/nanospan/deep.h", f"#include <{header}>\n")
            self.write("include/nanospan/nanospan.h", "#include <nanospan/deep.h>\n")
            self.assert_found(
                include_budget.check_entry(self.root, self.compiler)[0], include_budget.ENTRY, f"<{header}>"
            )

    def test_headers_of_other_libraries(self):
        self.write("include/nanospan/adapters/httplib.h", "#include <httplib.h>\n")
        self.write("include/nanospan/a.h", "#include <httplib.h>\n#include <pthread.h>\n#include <span>\n")
        found = include_budget.check_third_party(self.root)
        self.assertEqual(len(found), 1)
        self.assert_found(found, "include/nanospan/a.h", "no other library's")


if __name__ == "__main__":
    CompilerTest.compiler = sys.argv.pop(1) if len(sys.argv) > 1 else "c++"
    subprocess.run([CompilerTest.compiler, "--version"], check=True, stdout=subprocess.DEVNULL)
    unittest.main()
