// Package config reads the configuration of a training run from TOML.
//
// An unknown key is an error that names the nearest known one, and a value out of range is an error
// that says what is allowed. A key that is left out has the value of Default. The checkpoint has the
// complete configuration as text (Config.String).
package config

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"bignas/core/arch"
	"bignas/core/fault"
	"bignas/core/preprocess"
	"bignas/core/trainer"
	"bignas/train/augment"
	"bignas/train/configs"
	"bignas/train/dataset"
	"bignas/train/files"
)

// Config is everything that decides a training run, apart from the data. Epochs may be fractions where
// they are times. Sections are those of the BigNAS paper (arXiv 2003.11142).
type Config struct {
	Space string `toml:"space"` // search space, as in arch.Lookup
	Seed  uint64 `toml:"seed"`  // of weights, shuffles, augmentation and random children
	Init  string `toml:"init"`  // weights to start from: a released file, a checkpoint, or the folder of a run; empty: drawn from the seed

	// TrainImages limits the training images, spread evenly over the classes; 0: all.
	TrainImages int     `toml:"train_images"`
	Side        int     `toml:"side"`         // pixels on a side of the stored images that crops are taken from
	ValFraction float64 `toml:"val_fraction"` // share held out where the data has no val/ half of its own
	// Split is the version of the rule that holds images out (dataset.ByName,
	// dataset.ByClass); 0: what the data needs when training begins, which the run keeps,
	// and ByName for runs from before there were two.
	Split int `toml:"split"`
	// SearchFraction is the share of the training half that is held out for a search to choose
	// among children on (dataset.SearchSplit).
	SearchFraction float64 `toml:"search_fraction"`

	Epochs int `toml:"epochs"`
	Batch  int `toml:"batch"` // images an update
	// MicroBatch is how many of them pass through the network at once: gradients are summed, and
	// batch normalisation is over the micro-batch, as on one of many accelerators. It must divide
	// batch; 0: all at once, or, where several ranks begin a run without sync_bn, each one's share.
	MicroBatch int     `toml:"micro_batch"`
	SyncBN     bool    `toml:"sync_bn"` // ranks may share a micro-batch, with batch normalisation over all of it
	Phases     []Phase `toml:"phase"`   // the biggest child's resolution over time; none: the space's biggest throughout

	// Activations is the type of the activations that wait for the backward pass, and of their gradients: "float32" or
	// "bfloat16", which takes about half the memory.
	Activations string `toml:"activations"`

	Optimiser   string  `toml:"optimiser"`     // "sgd" (Nesterov momentum), "rmsprop" or "adamw"
	LR          float64 `toml:"lr"`            // peak learning rate
	LRBatch     int     `toml:"lr_batch"`      // batch that lr is for: for another batch lr is scaled in proportion; 0: not scaled
	Momentum    float64 `toml:"momentum"`      // adamw: beta1
	RMSDecay    float64 `toml:"rms_decay"`     // of the mean square; adamw: beta2
	RMSEps      float64 `toml:"rms_eps"`       // rmsprop: added under the square root; adamw: added to it
	WeightDecay float64 `toml:"weight_decay"`  // L2, for the biggest child only (section 3.3)
	DecayBNBias bool    `toml:"decay_bn_bias"` // also decay BN and biases
	ClipNorm    float64 `toml:"clip_norm"`     // largest norm of the summed gradient; 0: no clipping
	EMA         float64 `toml:"ema"`           // decay of the moving average of the weights in each update; 0: none

	Schedule     string  `toml:"schedule"`      // "exponential", "cosine", "trapezoid" or "constant"
	WarmupEpochs float64 `toml:"warmup_epochs"` // linear from 0
	DecayRate    float64 `toml:"decay_rate"`    // exponential: factor every decay_epochs
	DecayEpochs  float64 `toml:"decay_epochs"`  // trapezoid: length of the linear decay at the end
	EndFraction  float64 `toml:"end_fraction"`  // of lr: the constant ending of the rate (section 3.3)

	Shortcuts      string  `toml:"shortcuts"`             // "transition": also the first block of each stage has one (section 3.2); "plain": only where shapes agree; empty: the space's rule
	Alone          string  `toml:"alone"`                 // the only architecture to train, as the biggest child is trained; with init, to fine-tune
	Sandwich       bool    `toml:"sandwich"`              // biggest and smallest child in every step; false: as many random ones instead, all from the labels
	RandomChildren int     `toml:"random_children"`       // in each step, besides the biggest and the smallest (sandwich rule)
	Distill        bool    `toml:"distill"`               // in-place distillation: the others learn from the biggest child's softmax
	DistillWarmup  float64 `toml:"distill_warmup_epochs"` // during which the target changes from the labels to the softmax
	LabelSmoothing float64 `toml:"label_smoothing"`       // of the biggest child's labels
	Dropout        float64 `toml:"dropout"`               // before the classifier, biggest child only
	DropConnect    float64 `toml:"drop_connect"`          // of whole blocks, rising with depth, biggest child only
	RegulariseAll  bool    `toml:"regularise_all"`        // dropout and drop_connect on every child; the paper: on the biggest only (section 3.3)
	ZeroGamma      bool    `toml:"zero_gamma"`            // last BN of every residual block starts with gamma 0 (section 3.2)

	CalibrationImages int `toml:"calibration_images"` // training images that a child's BN statistics are measured on
	EvalEvery         int `toml:"eval_every"`         // epochs between evaluations of smallest, middle and biggest

	// When a run collapses, the watchdog goes back to the last good checkpoint and multiplies the
	// learning rate by rollback_lr from then on.
	Watchdog     bool    `toml:"watchdog"`
	RollbackLR   float64 `toml:"rollback_lr"`
	MaxRollbacks int     `toml:"max_rollbacks"` // after which the run ends

	Augment augment.Config `toml:"augment"`
}

// The types of Activations.
const (
	Float32  = "float32"
	BFloat16 = "bfloat16"
)

// Phase is the resolution of the biggest child up to an epoch.
type Phase struct {
	Until      int `toml:"until"`      // epochs, exclusive
	Resolution int `toml:"resolution"` // one of the space's, or a multiple of 32 below them, which all children then have
}

// Spec is the preprocessing of trained weights: the mean and standard deviation of ImageNet, and the
// whole short side.
var Spec = preprocess.Spec{
	Mean:   [3]float32{0.485, 0.456, 0.406},
	Std:    [3]float32{0.229, 0.224, 0.225},
	Crop:   1,
	Filter: preprocess.CatmullRom,
}

// Default is the values of keys that a file leaves out.
func Default() Config {
	return Config{
		Space: "nette", Seed: 1, Side: 224, ValFraction: 0.1,
		Epochs: 60, Batch: 64, Activations: Float32,
		Optimiser: "sgd", LR: 0.1, Momentum: 0.9, RMSDecay: 0.9, RMSEps: 1e-3, WeightDecay: 1e-5, ClipNorm: 2, EMA: 0.999,
		Schedule: "cosine", WarmupEpochs: 3, DecayRate: 0.97, DecayEpochs: 2.4, EndFraction: 0.05,
		RandomChildren: 2, Sandwich: true, Distill: true, LabelSmoothing: 0.1, ZeroGamma: true,
		CalibrationImages: 1024, EvalEvery: 5,
		Watchdog: true, RollbackLR: 0.5, MaxRollbacks: 4,
		Augment: augment.Default,
	}
}

// Load reads a configuration, from a file or a built-in one by name (Names).
func Load(nameOrFile string) (Config, error) {
	data, err := configs.Files.ReadFile(nameOrFile + ".toml")
	if err != nil {
		if data, err = files.Read(nameOrFile); err != nil {
			return Config{}, fmt.Errorf("config: %w; give a TOML file or one of %s", err, strings.Join(Names(), ", "))
		}
	}
	return Parse(string(data), nameOrFile)
}

// Names lists the built-in configurations.
func Names() []string {
	entries, _ := configs.Files.ReadDir(".") // an embedded folder is always readable
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".toml"))
	}
	slices.Sort(names)
	return names
}

// For returns the name of the configuration to use for data where none is given: the drawn data set
// has its own.
func For(data string) string {
	if data == dataset.Shapes {
		return "shapes"
	}
	return "nette"
}

// Parse parses and checks a configuration. name is for errors.
func Parse(text, name string) (Config, error) {
	c := Default()
	meta, err := toml.Decode(text, &c)
	if err != nil {
		return Config{}, fmt.Errorf("config: %s: %w", name, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		key := unknown[0].String()
		return Config{}, fmt.Errorf("config: %s: unknown key %q; the nearest known one is %q", name, key, nearest(key, keys()))
	}
	if err := c.Check(); err != nil {
		return Config{}, fmt.Errorf("config: %s: %w", name, err)
	}
	return c, nil
}

// PeakLR returns the learning rate after the warm-up: lr, scaled by the batch where lr_batch is set.
func (c Config) PeakLR() float64 {
	if c.LRBatch == 0 {
		return c.LR
	}
	return c.LR * float64(c.Batch) / float64(c.LRBatch)
}

// Pass returns how many images pass through the network at once.
func (c Config) Pass() int {
	if c.MicroBatch == 0 {
		return c.Batch
	}
	return c.MicroBatch
}

// Rate returns the schedule of the learning rate.
func (c Config) Rate() trainer.Schedule {
	return trainer.Schedule{Kind: c.Schedule, Peak: c.PeakLR(), Warmup: c.WarmupEpochs, DecayRate: c.DecayRate,
		DecayEpochs: c.DecayEpochs, Epochs: float64(c.Epochs), EndFraction: c.EndFraction}
}

// Resolution returns the biggest child's resolution in an epoch, from 0: that of the first phase that
// has not ended or, after the last phase, the biggest. The configuration must have passed Check.
func (c Config) Resolution(epoch int) int {
	space, err := c.SearchSpace()
	if err != nil {
		return 0
	}
	biggest := c.Biggest(space).Resolution
	for _, p := range c.Phases {
		if epoch < p.Until {
			return min(p.Resolution, biggest)
		}
	}
	return biggest
}

// Biggest returns the child of SearchSpace that is trained as the biggest: its biggest, or the only one
// (Alone).
func (c Config) Biggest(space *arch.Space) arch.Arch {
	if a, err := space.Parse(c.Alone); err == nil {
		return a
	}
	return space.Max()
}

// Watched lists the children that an evaluation measures: the smallest, the middle and
// the biggest, or the only one.
func (c Config) Watched(space *arch.Space) []arch.Arch {
	if c.Alone != "" {
		return []arch.Arch{c.Biggest(space)}
	}
	return []arch.Arch{space.Min(), space.At(0.5), space.Max()}
}

// FitBatch reduces the batch to the number of training images, and says so in note.
func (c *Config) FitBatch(images int) (note string, err error) {
	if images >= c.Batch {
		return "", nil
	}
	if images < 2 { // batch normalisation needs two
		return "", fault.New("bad_config", "add images, or lower val_fraction and search_fraction", "there are %d training images, at least 2 are needed", images)
	}
	was := c.Batch
	if c.Batch = images; c.MicroBatch >= images {
		c.MicroBatch = 0 // all at once
	} else if c.MicroBatch > 0 {
		c.Batch -= images % c.MicroBatch
	}
	return fmt.Sprintf("batch is %d, and there are %d training images: it is made %d", was, images, c.Batch), nil
}

// SearchSpace returns the space with the shortcuts of the configuration. Weights can be released only
// with the space's own shortcuts.
func (c Config) SearchSpace() (*arch.Space, error) {
	s, err := arch.Lookup(c.Space)
	if err != nil || c.Shortcuts == "" || c.Shortcuts == string(s.Shortcuts) {
		return s, err
	}
	other := *s
	other.Shortcuts = arch.ShortcutRule(c.Shortcuts)
	return &other, nil
}

// String formats the complete configuration as TOML, as checkpoints store it.
func (c Config) String() string {
	var b bytes.Buffer
	e := toml.NewEncoder(&b)
	e.Indent = ""
	if err := e.Encode(c); err != nil {
		panic("config: the configuration cannot be written as TOML: " + err.Error())
	}
	return b.String()
}
