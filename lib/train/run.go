package train

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"gonverge/lib/dataset"
	"gonverge/lib/nn"
	"gonverge/lib/progress"
	"gonverge/lib/store"
)

// checkpointInterval is the most that a crash loses, in time; writing takes some
// tens of milliseconds.
const checkpointInterval = 20 * time.Second

// maxLoss is the mean cross-entropy of a batch beyond which a training is taken to
// have diverged. Guessing costs ln(classes), under 10; a loss of 1,000 means that
// outputs are apart by as much.
const maxLoss = 1000

// maxWeight is the size of a weight beyond which a training is taken to have diverged.
const maxWeight = 1e12

// run is the training of one net on one goroutine.
type run struct {
	settings
	arch    *nn.Arch
	set     *dataset.Set
	seed    uint64
	cache   *store.Store // nil: nothing is kept
	key     string
	label   string
	origin  string        // recipe and pictures, for people
	every   time.Duration // between checkpoints
	workers int           // goroutines of a step
	notes   []string      // troubles that did not stop the training
	done    *nn.Net       // the finished net

	afterStep func(step int) // tests stop a run here; nil otherwise
}

// newRun returns the run of one seed; arch has the recipe's initial scales.
func newRun(f settings, arch *nn.Arch, set *dataset.Set, seed uint64, cache *store.Store) *run {
	return &run{
		settings: f, arch: arch, set: set, seed: seed, cache: cache, every: checkpointInterval, workers: 1,
		key: store.Key("train", version, arch.Fingerprint(), f, set.Fingerprint(), seed),
	}
}

func (r *run) totalSteps() int { return r.Epochs * (r.set.Len() / r.Batch) }

// train trains the net from its checkpoint, or from the start, to the end.
func (r *run) train(ctx context.Context, bar *progress.Bar) error {
	net := nn.New(r.arch, r.seed)
	trainer, err := net.TrainerContext(ctx, r.Batch)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("train: %w", err)
	}
	defer func() { _ = trainer.Close() }() // it holds memory only
	trainer.SetWorkers(r.workers)
	s := &state{}
	for _, p := range net.Params() {
		s.params = append(s.params, p.Data)
	}
	for _, p := range trainer.Velocity() {
		s.velocity = append(s.velocity, p.Data)
	}
	if r.Adam {
		for _, p := range trainer.SecondMoments() {
			s.second = append(s.second, p.Data)
		}
	}
	r.restore(s)
	trainer.Seek(s.Step)
	var (
		batch   = newBatcher(r.arch, r.set, r.settings, r.seed)
		step    = newStepper(r.settings, net.Params())
		spe     = batch.stepsPerEpoch()
		total   = r.totalSteps()
		begun   = time.Now()
		saved   = begun
		resumed = s.Step
	)
	defer batch.set.Settle()
	for s.Step < total {
		err := ctx.Err()
		if err == nil {
			err = batch.load(ctx, s.Step)
		}
		if err != nil {
			if s.Step > resumed {
				r.save(s)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("train: net with seed %d, step %d: %w", r.seed, s.Step, err)
		}
		lr := r.rate(s.Step, total)
		loss, correct, err := trainer.Step(batch.x, batch.labels)
		if err != nil && ctx.Err() != nil {
			continue // the step was not taken
		}
		if err != nil {
			return r.diverged(s.Step, spe, lr, err)
		}
		if loss > maxLoss {
			return r.diverged(s.Step, spe, lr, fmt.Errorf("loss is %.3g, %s", loss, steepest(trainer.Grads())))
		}
		if _, err := trainer.Update(step.at(lr)); err != nil {
			return r.diverged(s.Step, spe, lr, fmt.Errorf("%w: %s", err, steepest(trainer.Grads())))
		}
		s.Step++
		s.LossSum += loss
		s.Correct += correct
		in := (s.Step-1)%spe + 1 // steps of this epoch
		mean, accuracy := s.LossSum/float64(in), float64(s.Correct)/float64(in*r.Batch)
		left := time.Since(begun) / time.Duration(s.Step-resumed) * time.Duration(total-s.Step)
		bar.Set(s.Step, r.note(fmt.Sprintf("epoch %d of %d, loss %.3f, training accuracy %.3f, %v left",
			(s.Step-1)/spe+1, r.Epochs, mean, accuracy, left.Round(time.Second))))
		if in == spe {
			s.History = append(s.History, nn.Epoch{Epoch: s.Step / spe, Loss: mean, Accuracy: accuracy})
			s.LossSum, s.Correct = 0, 0
			// No loss comes behind the last update to tell that it went too far.
			if name, w := largest(net.Params()); !(w <= maxWeight) {
				return r.diverged(s.Step-1, spe, lr, fmt.Errorf("the weights of layer %q reach %.3g", name, w))
			}
		}
		if s.Step < total && (in == spe || time.Since(saved) >= r.every) {
			r.save(s)
			saved = time.Now()
		}
		if r.afterStep != nil {
			r.afterStep(s.Step)
		}
	}
	net.History, net.Origin = s.History, r.origin
	r.done = net
	r.keep(net)
	return nil
}

// keep stores the finished net and removes its checkpoint. A net that cannot be
// kept, say on a full disk, is still a net: the trouble is noted.
func (r *run) keep(net *nn.Net) {
	if r.cache == nil {
		return
	}
	data, err := nn.Encode(net)
	if err == nil {
		err = r.cache.Put(kindNet, r.key, data)
	}
	if err != nil {
		r.warn("the net could not be kept: " + err.Error())
		return
	}
	if err := r.cache.Remove(kindCheckpoint, r.key); err != nil {
		r.warn("the old checkpoint could not be removed: " + err.Error())
	}
}

// save writes a checkpoint. A failure leaves the former one and is noted.
func (r *run) save(s *state) {
	if r.cache == nil {
		return
	}
	data, err := s.encode()
	if err == nil {
		err = r.cache.Put(kindCheckpoint, r.key, data)
	}
	if err != nil {
		r.warn("no checkpoint could be written: " + err.Error())
	}
}

// restore fills s from the checkpoint, if there is one that can be read; one that
// cannot is kept aside and noted.
func (r *run) restore(s *state) {
	if r.cache == nil {
		return
	}
	err := r.cache.Load(kindCheckpoint, r.key, func(data []byte) error { return s.decode(data, r.totalSteps()) })
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.warn("the checkpoint could not be used, began again: " + err.Error())
	}
}

// diverged says where and at which learning rate a training went wrong.
func (r *run) diverged(step, spe int, lr float64, cause error) error {
	if r.cache != nil {
		// Going on from a checkpoint would end here again.
		if err := r.cache.Remove(kindCheckpoint, r.key); err != nil {
			cause = errors.Join(cause, err)
		}
	}
	return fmt.Errorf("train: net with seed %d diverged in epoch %d, step %d of %d, at learning rate %.3g: %w; a smaller LR, a longer Warmup or a smaller Clip may help",
		r.seed, step/spe+1, step+1, r.totalSteps(), lr, cause)
}

// warn notes a trouble once.
func (r *run) warn(text string) {
	for _, n := range r.notes {
		if n == text {
			return
		}
	}
	r.notes = append(r.notes[:len(r.notes):len(r.notes)], text)
}

// note returns the text with the troubles so far.
func (r *run) note(text string) string {
	if len(r.notes) == 0 {
		return text
	}
	return text + " (" + strings.Join(r.notes, "; ") + ")"
}

// last describes the last epoch.
func last(history []nn.Epoch) string {
	if len(history) == 0 {
		return "no training history"
	}
	e := history[len(history)-1]
	return fmt.Sprintf("epoch %d, loss %.3f, training accuracy %.3f", e.Epoch, e.Loss, e.Accuracy)
}
