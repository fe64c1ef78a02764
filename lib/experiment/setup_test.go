package experiment

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonverge/lib/dataset"
)

// tiny is a data set of the right shape without pictures.
func tiny() *dataset.Data {
	return &dataset.Data{Name: "tiny", Shape: [3]int{32, 32, 3}, Classes: 10}
}

// setEnv sets the three variables; "" is as good as unset.
func setEnv(t *testing.T, data, dir, recipe string) {
	t.Helper()
	t.Setenv("GONVERGE_DATASET", data)
	t.Setenv("GONVERGE_DATA", dir)
	t.Setenv("GONVERGE_RECIPE", recipe)
}

func TestEnvironmentChooses(t *testing.T) {
	dir := t.TempDir()
	tests := []struct {
		name, data, recipe string
		wantData           string
		wantRecipe         string // Recipe().Name
		wantArch           string
	}{
		{"nothing set", "", "", "leaves", "leaves", "MiniAlexNet"},
		{"leaves, full", "leaves", "full", "leaves", "leaves", "MiniAlexNet"},
		{"leaves, smoke", "leaves", "smoke", "leaves", "smoke", "SmallAlexNet"},
		{"cifar10", "cifar10", "", "cifar10", "cifar10", "MiniAlexNet"},
		{"cifar10, default", "cifar10", "default", "cifar10", "cifar10", "MiniAlexNet"},
		{"cifar10, smoke", "cifar10", "smoke", "cifar10", "smoke", "SmallAlexNet"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			setEnv(t, test.data, dir, test.recipe)
			s, err := FromEnv()
			if err != nil {
				t.Fatal(err)
			}
			if s.DataName != test.wantData || s.DataDir != dir || len(s.Seeds) != 4 || s.Seeds[3] != 4 {
				t.Errorf("got %+v", *s)
			}
			if got := s.Recipe().Name; got != test.wantRecipe {
				t.Errorf("recipe is %q, want %q", got, test.wantRecipe)
			}
			if got := s.Arch(tiny()).Name; got != test.wantArch {
				t.Errorf("net is %q, want %q", got, test.wantArch)
			}
		})
	}
}

func TestUnknownSettingsListTheKnown(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, data, dir, recipe string
		want                    []string
	}{
		{"data set", "imagenet", "", "", []string{"GONVERGE_DATASET", `"imagenet"`, "leaves, cifar10"}},
		{"recipe", "", "", "quick", []string{"GONVERGE_RECIPE", `"quick"`, "default, full, smoke"}},
		{"no folder", "cifar10", file + "s", "", []string{"GONVERGE_DATA", file + "s"}},
		{"a file", "cifar10", file, "", []string{"GONVERGE_DATA", file, "a file", "cifar10"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			setEnv(t, test.data, test.dir, test.recipe)
			s, err := FromEnv()
			if err == nil {
				t.Fatalf("no error, %+v", *s)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error lacks %q: %v", want, err)
				}
			}
		})
	}
	if _, err := (Setup{DataName: "mnist"}).Data(context.Background()); err == nil || !strings.Contains(err.Error(), "leaves, cifar10") {
		t.Errorf("Data of an unknown data set: %v", err)
	}
	if _, err := (Setup{RecipeName: "quick"}).Nets(context.Background()); err == nil || !strings.Contains(err.Error(), "default, full, smoke") {
		t.Errorf("Nets of an unknown recipe: %v", err)
	}
}

func TestSmokeTakesTheFirstPictures(t *testing.T) {
	data, err := Setup{RecipeName: "smoke"}.Data(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if data.Train.Len() != 2000 || data.Validation.Len() != 500 {
		t.Errorf("%d training and %d validation pictures, want 2,000 and 500", data.Train.Len(), data.Validation.Len())
	}
}

func TestSetupShowsWhatWasChosenAndNoPath(t *testing.T) {
	s := Setup{DataName: "cifar10", DataDir: "/some/folder", Seeds: []uint64{7, 8}}
	texts := []string{s.String(), s.MIMEBundle()["text/html"].(string), s.Origin()}
	for _, text := range texts {
		if !strings.Contains(text, "MiniAlexNet") || !strings.Contains(text, "7, 8") {
			t.Errorf("lacks net or seeds: %s", text)
		}
		if strings.Contains(text, "folder") {
			t.Errorf("shows a path: %s", text)
		}
	}
	if bad := (Setup{DataName: "no", RecipeName: "such"}).String(); !strings.Contains(bad, "no") {
		t.Errorf("an unknown data set shows as %q", bad)
	}
}

func TestUntrainedHasTheRecipesStart(t *testing.T) {
	s := Setup{RecipeName: "smoke", Seeds: []uint64{5}}
	nets := s.Untrained(tiny())
	if len(nets) != 1 || nets[0].Seed != 5 || nets[0].Arch.Name != "SmallAlexNet" || len(nets[0].History) != 0 {
		t.Errorf("got %v", nets)
	}
}
