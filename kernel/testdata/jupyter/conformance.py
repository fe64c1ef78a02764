"""jupyter_kernel_test's suite with samples in Go: usage: conformance.py KERNELNAME."""
import sys
import unittest

import jupyter_kernel_test


class GoKernel(jupyter_kernel_test.KernelTests):
    kernel_name = sys.argv.pop(1)
    language_name = "go"
    file_extension = ".go"
    code_hello_world = 'fmt.Println("hello, world")'
    code_stderr = 'import "os"\nfmt.Fprintln(os.Stderr, "oops")'
    completion_samples = [{"text": "strings.ToUpperS", "matches": {"ToUpperSpecial"}}]
    complete_code_samples = ["1", 'fmt.Println("x")', "func f() int {\n\treturn 1\n}", "x := `raw\nstring`", "// comment"]
    incomplete_code_samples = ["func f() {", "x := `raw", "1 +", "f(1,", "/* comment"]
    invalid_code_samples = ["x = )", "func }"]
    code_generate_error = 'panic("no")'
    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": '"a" + "b"', "result": "ab"},
    ]
    code_display_data = [{"code": 'Display(display.HTML("<b>x</b>"))', "mime": "text/html"}, {"code": 'bar := progress.Start(ctx, "steps", 1)\ntime.Sleep(400 * time.Millisecond)\nbar.Finish("")', "mime": "text/html"}]
    code_clear_output = "display.Clear(true)"
    code_page_something = "%doc fmt.Println"
    code_inspect_sample = "fmt.Println"
    code_history_pattern = "6 ? 7*"
    supported_history_operations = ("tail", "range", "search")


if __name__ == "__main__":
    unittest.main()
