"""Which words in names speak of statistics, of fixed tables, of arrays that are random on purpose."""

FREQUENCIES = frozenset("freq freqs frequency frequencies theta thetas omega omegas timescale timescales bands".split())
_INVERSE = frozenset({"inv", "inverse", "invfreq"})
_WAVES = frozenset("sinusoid sinusoids sinusoidal sincos rope rotary alibi cosine sine".split())
_FILTERS = frozenset(
    "mel melbank filterbank fbank fbanks stft istft dft dct idct hann hamming sobel blur hadamard".split()
)
_MASKS = frozenset("mask masks causal tril triu".split())
_NO_MASKS = frozenset(
    "token tokens embed embedding embeddings patch mem memory logit logits vector value weight".split()
)
_POSITIONS = frozenset("pos position positions positional pe".split())
_ENCODINGS = frozenset("encoding encodings enc table pe buf cache".split())
_SCHEDULES = frozenset("betas alphas cumprod sqrt_alphas".split())
_WINDOWS = frozenset({"window", "windows", "taper"})
_TABLE_CLASSES = frozenset(
    """rope rotary sinusoidal sinusoid position positional timestep timesteps time fourier nerf encoding
    alibi""".split()
)
_PARAMETRIC = frozenset("scale shift bias kernel weight weights gain token tokens log a d".split())

_STATISTICS = frozenset(
    "mean means var variance std stddev stds avg average sum count min max norm moment m2 sq sigma".split()
)
_RUNNING = frozenset("running moving ema rolling".split())
_MEANS = frozenset({"mean", "means", "avg", "average", "mu"})
_SPREADS = frozenset({"std", "stds", "stddev", "var", "variance"})
_DATA = frozenset(
    """pixel pixels image img rgb latent latents obs observation observations input inputs data dataset
    feature features state states action actions reward rewards target targets channel channels train norm
    normalizer global return returns""".split()
)
WHOLE = frozenset(
    """mask masks id ids idx index indices indexes count counter counts calls step steps tracked seen
    pointer ptr perm permutation position positions label labels segment segments flag flags edges causal
    allowed initialized""".split()
)
STATE_KINDS = frozenset(
    """ema stat stats statistic statistics buffer running moving counter nontrainable frozen constant const
    fixed untrained""".split()
)

_RANDOM = frozenset(
    """random rand frozen fixed fourier rff gff reservoir echo esn elm extreme lsh hash hashing simhash
    sketch sketching teacher target prior untrained nontrainable rademacher johnson""".split()
)
FROZEN = _RANDOM | frozenset(
    """constant hyperplane hyperplanes noise noisy eps epsilon latent latents pos position positions
    positional pe mask masks perm permutation dropout anchor anchors buffer queue hidden carry cache running
    ema initial seed rng sample samples data dataset immutable static truth true base pretrained original
    backbone w0 feedback""".split()
)
_FROZEN_CLASSES = _RANDOM | frozenset(
    "simulator simulation environment env oracle synthetic dummy mock fake stub lora adapter peft dora lsm".split()
)
FROZEN_PHRASES = (
    "frozen",
    "fixed",
    "not train",
    "never train",
    "not learn",
    "never learn",
    "untrained",
    "non-trainable",
    "nontrainable",
    "not updated",
    "never updated",
    "random feature",
    "random projection",
    "reservoir",
    "only the readout",
    "random fourier",
    "extreme learning",
    "echo state",
    "kept constant",
    "held constant",
    "stays constant",
)
RANDOM_METHODS = (
    "random feature",
    "random projection",
    "reservoir",
    "random fourier",
    "extreme learning",
    "echo state",
)
WEIGHTS = frozenset(
    """w w1 w2 wq wk wv wo u v weight weights kernel kernels embedding embeddings embed filters filter bias
    proj projection matrix query key value gate mixing coupling gain vectors factors codebook linear dense
    head""".split()
)


def is_frozen_class(cls: frozenset[str]) -> bool:
    """Whether a class keeps its weights as they were drawn: a reservoir, a simulation, a liquid state machine."""
    return bool(cls & _FROZEN_CLASSES) or {"liquid", "state"} <= cls


def is_table(name: frozenset[str], cls: frozenset[str], *, waves: bool) -> bool:
    """Whether a computed array, by sines if `waves`, has the name of a table that never moves."""
    if name & _PARAMETRIC:
        return False
    if name & (_WAVES | _FILTERS | _SCHEDULES | _WINDOWS) or (waves and name & {"cos", "sin"}):
        return True
    if name & FREQUENCIES:
        return bool(name & _INVERSE or cls & _TABLE_CLASSES)
    if name & _INVERSE and "invfreq" in name:
        return True
    if waves and name & _POSITIONS:
        return bool(name & _ENCODINGS) or name <= _POSITIONS
    if "slopes" in name:
        return bool((cls | name) & {"alibi"})
    return is_mask(name)


def is_mask(name: frozenset[str]) -> bool:
    """Whether a name is a mask's; a mask token is an embedding."""
    return bool(name & _MASKS) and not name & _NO_MASKS


def is_filter_bank(name: frozenset[str], cls: frozenset[str]) -> bool:
    """Whether a name is one of a table that nobody learns, even where it holds zeros yet."""
    banks = _FILTERS - {"blur"}
    return bool(name & banks or ("basis" in name and cls & banks)) and not name & _PARAMETRIC


def is_running(name: frozenset[str]) -> bool:
    """`running_mean`, `moving_avg`, `num_batches_tracked`."""
    return bool(name & _RUNNING and name & _STATISTICS) or name >= {"num", "batches", "tracked"}


def is_mean(name: frozenset[str]) -> bool:
    """Whether a name is one of a mean."""
    return bool(name & _MEANS)


def is_spread(name: frozenset[str]) -> bool:
    """Whether a name is one of a spread."""
    return bool(name & _SPREADS)


def of_data(name: frozenset[str]) -> bool:
    """Whether a name says that a statistic is one of data sets."""
    return bool(name & _DATA)
