package main

import (
	"regexp"
	"strings"
	"testing"

	"gonverge/notebooks"
)

func TestFormulasAsHTML(t *testing.T) {
	for source, want := range map[string]string{
		`c_{ij}`:                "<i>c</i><sub><i>i</i><i>j</i></sub>",
		`10^{-2.6}`:             "10<sup>−2.6</sup>",
		`\frac1n\sum_i`:         "<sup>1</sup>⁄<sub><i>n</i></sub>∑<sub><i>i</i></sub>",
		`\frac{a}{b+1}`:         "<sup><i>a</i></sup>⁄<sub><i>b</i>+1</sub>",
		`\alpha=\lambda C`:      "<i>α</i>=<i>λ</i><i>C</i>",
		`\max_\pi x`:            "max<sub><i>π</i></sub><i>x</i>",
		`\mathbb{E}[\hat z'_j]`: "𝔼[<i>z\u0302</i>′<sub><i>j</i></sub>]",
		`w^\top\|w\|_1`:         "<i>w</i><sup>⊤</sup>‖<i>w</i>‖<sub>1</sub>",
		`a < b & c`:             "<i>a</i> &lt; <i>b</i>   <i>c</i>",
		`\nosuch{`:              "nosuch",
		`_`:                     "<sub></sub>",
		`\`:                     "",
	} {
		if got := texHTML(source); got != want {
			t.Errorf("%s\n got %q\nwant %q", source, got, want)
		}
	}
}

// Every command that a notebook's formulas use is known.
func TestFormulasOfTheNotebooksAreKnown(t *testing.T) {
	books, err := notebooks.Files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	formulas := 0
	for _, book := range books {
		text, err := notebooks.Files.ReadFile(book.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, formula := range regexp.MustCompile(`\$([^$"]+)\$`).FindAllSubmatch(text, -1) {
			source := strings.ReplaceAll(string(formula[1]), `\\`, `\`)
			got := texHTML(source)
			plain := regexp.MustCompile(`<[^>]*>|min |max |arg |ln |log `).ReplaceAllString(got, "")
			if word := regexp.MustCompile(`[a-zA-Z]{4,}`).FindString(plain); word != "" && strings.Contains(source, `\`+word) {
				t.Errorf("%s: \\%s of $%s$ is not known", book.Name(), word, source)
			}
			formulas++
		}
	}
	if formulas < 20 {
		t.Errorf("found %d formulas in the notebooks", formulas)
	}
}
