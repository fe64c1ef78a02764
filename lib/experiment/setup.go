package experiment

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"os"
	"strings"

	"gonverge/lib/dataset"
	"gonverge/lib/nn"
	"gonverge/lib/train"
)

// The names that a Setup knows; the first of each is the default.
var (
	dataNames   = []string{"leaves", "cifar10"}
	recipeNames = []string{"default", "full", "smoke"}
)

// The smoke recipe's share of any data set.
const (
	smokeTrain      = 2000 // as the recipe was measured
	smokeValidation = 500
)

// Setup says what an experiment is done on. The zero value is the default: leaves,
// its recipe, seeds 1 to 4.
type Setup struct {
	// DataName is the data set: "leaves" (generated, the default) or "cifar10".
	DataName string
	// DataDir is the folder with the data set's files; "" asks the data set for its
	// usual place. leaves needs none.
	DataDir string
	// Download fetches the data set's official archive if its files are not there.
	Download bool
	// RecipeName is the recipe: "default" (the data set's own), "full" (the same
	// today) or "smoke" (2,000 + 500 pictures, a small net, seconds).
	RecipeName string
	// Seeds has one seed per net; nil means 1, 2, 3, 4. FromEnv fills it in.
	Seeds []uint64
}

// FromEnv returns the setup that GONVERGE_DATASET, GONVERGE_DATA,
// GONVERGE_DOWNLOAD (1: yes) and GONVERGE_RECIPE choose, with seeds 1, 2, 3, 4.
// What is unset or empty has its default; an unknown name is an error that lists
// the known ones.
func FromEnv() (*Setup, error) {
	s := &Setup{
		DataName:   os.Getenv("GONVERGE_DATASET"),
		DataDir:    os.Getenv("GONVERGE_DATA"),
		Download:   os.Getenv("GONVERGE_DOWNLOAD") == "1",
		RecipeName: os.Getenv("GONVERGE_RECIPE"),
	}
	if err := known("GONVERGE_DATASET", s.DataName, dataNames); err != nil {
		return nil, err
	}
	if err := known("GONVERGE_RECIPE", s.RecipeName, recipeNames); err != nil {
		return nil, err
	}
	if s.DataDir != "" && !s.Download && orFirst(s.DataName, dataNames) != "leaves" {
		info, err := os.Stat(s.DataDir)
		if err != nil {
			return nil, fmt.Errorf("experiment: GONVERGE_DATA: %w", err)
		}
		if !info.IsDir() {
			return nil, fmt.Errorf("experiment: GONVERGE_DATA is %s, a file (want the folder of %s)", s.DataDir, s.DataName)
		}
	}
	f := s.filled()
	return &f, nil
}

// Check says which setting names nothing known, and lists what is known.
func (s Setup) Check() error {
	if err := known("DataName", s.DataName, dataNames); err != nil {
		return err
	}
	return known("RecipeName", s.RecipeName, recipeNames)
}

func known(setting, name string, names []string) error {
	if name == "" {
		return nil
	}
	for _, n := range names {
		if n == name {
			return nil
		}
	}
	return fmt.Errorf("experiment: %s is %q (valid: %s)", setting, name, strings.Join(names, ", "))
}

func orFirst(name string, names []string) string {
	if name == "" {
		return names[0]
	}
	return name
}

// filled returns the setup with its defaults written out.
func (s Setup) filled() Setup {
	f := s
	f.DataName = orFirst(s.DataName, dataNames)
	f.RecipeName = orFirst(s.RecipeName, recipeNames)
	if s.Seeds == nil {
		f.Seeds = []uint64{1, 2, 3, 4}
	}
	return f
}

// valid returns the setup filled in; it panics on unknown names.
func (s Setup) valid() Setup {
	if err := s.Check(); err != nil {
		panic(err.Error())
	}
	return s.filled()
}

// Smoke reports whether the setup is the trial in seconds rather than the experiment.
func (s Setup) Smoke() bool { return s.RecipeName == "smoke" }

// Data generates or reads the pictures. With the recipe smoke they are the first
// 2,000 of the training set and the first 500 of the validation set.
func (s Setup) Data(ctx context.Context) (*dataset.Data, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	f := s.filled()
	train, validation := 0, 0 // the data set's own numbers
	if f.Smoke() {
		train, validation = smokeTrain, smokeValidation
	}
	if f.DataName == "cifar10" {
		data, err := dataset.CIFAR10(ctx, dataset.CIFAR10Config{Dir: f.DataDir, Download: f.Download, Train: train, Validation: validation})
		if errors.Is(err, fs.ErrNotExist) && !f.Download {
			return nil, fmt.Errorf("%w; or let `gonverge reproduce -data cifar10 -download` fetch it (GONVERGE_DOWNLOAD=1 for notebooks)", err)
		}
		return data, err
	}
	return dataset.Leaves(ctx, dataset.LeavesConfig{Train: train, Validation: validation})
}

// Arch returns the net for the pictures: MiniAlexNet, and SmallAlexNet with the
// recipe smoke.
func (s Setup) Arch(data *dataset.Data) *nn.Arch {
	if s.valid().Smoke() {
		return nn.SmallAlexNet(data.Shape, data.Classes)
	}
	return nn.MiniAlexNet(data.Shape, data.Classes)
}

// Recipe returns the recipe: with the names default and full train.Leaves or
// train.CIFAR10, with smoke train.Smoke.
func (s Setup) Recipe() train.Recipe {
	f := s.valid()
	switch {
	case f.Smoke():
		return train.Smoke()
	case f.DataName == "cifar10":
		return train.CIFAR10()
	}
	return train.Leaves()
}

// Nets returns the trained nets, one per seed: from the cache if they were trained
// before. It makes the data by itself; Recipe().Ensemble takes data at hand.
func (s Setup) Nets(ctx context.Context) ([]*nn.Net, error) {
	data, err := s.Data(ctx)
	if err != nil {
		return nil, err
	}
	return s.Recipe().Ensemble(ctx, s.Arch(data), data.Train, s.filled().Seeds...)
}

// Untrained returns the same nets before training, the control of every figure.
func (s Setup) Untrained(data *dataset.Data) []*nn.Net {
	return s.Recipe().Untrained(s.Arch(data), s.filled().Seeds...)
}

// rows returns what was chosen, as setting and value.
func (s Setup) rows() [][2]string {
	f := s.filled()
	data := f.DataName + ", all of its pictures"
	switch {
	case f.Smoke():
		data = f.DataName + ", the first 2,000 training and 500 validation pictures"
	case f.DataName == "leaves":
		data = "leaves (generated), 12,000 training and 2,000 validation pictures"
	}
	net, recipe := "MiniAlexNet", f.RecipeName
	if f.Smoke() {
		net, recipe = "SmallAlexNet", "smoke: a trial of everything in seconds, not the experiment"
	}
	if f.Check() == nil {
		r := f.Recipe()
		recipe += fmt.Sprintf(" (%d epochs, batch %d, learning rate %g)", r.Epochs, r.Batch, r.LR)
	}
	// The folder is left out: notebooks are shared, paths are not.
	return [][2]string{{"data", data}, {"net", net}, {"recipe", recipe}, {"seeds", f.seeds()}}
}

// seeds lists the seeds.
func (s Setup) seeds() string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(s.Seeds), "[]"), " ", ", ")
}

// Origin names data, net, recipe and seeds in a line, for captions.
func (s Setup) Origin() string {
	f := s.filled()
	net := "MiniAlexNet"
	if f.Smoke() {
		net = "SmallAlexNet"
	}
	return fmt.Sprintf("%s, %s, recipe %s, seeds %s", f.DataName, net, f.RecipeName, f.seeds())
}

// String returns the settings as a table.
func (s Setup) String() string {
	var b strings.Builder
	for i, row := range s.rows() {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%-6s  %s", row[0], row[1])
	}
	return b.String()
}

// MIMEBundle returns the settings as text and as an HTML table.
func (s Setup) MIMEBundle() map[string]any {
	var b strings.Builder
	b.WriteString("<table>\n")
	for _, row := range s.rows() {
		fmt.Fprintf(&b, "<tr><th style=\"text-align:left\">%s</th><td style=\"text-align:left\">%s</td></tr>\n", row[0], html.EscapeString(row[1]))
	}
	b.WriteString("</table>")
	return map[string]any{"text/plain": s.String(), "text/html": b.String()}
}
