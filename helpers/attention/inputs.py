"""What a learner can get wrong, said before the library says it in its own words."""

from functools import partial

from torch import Tensor, nn
from transformers import PreTrainedModel

from helpers import checks
from helpers.attention import families

IDS = ("input_ids", "decoder_input_ids", "labels")
MASKS = ("attention_mask", "decoder_attention_mask")
_TEXT = "pass **tokenizer(text, return_tensors='pt')"
_SOUND = "pass **feature_extractor(waveform, sampling_rate=16_000, return_tensors='pt')"


def check(model: PreTrainedModel, inputs: dict[str, Tensor]) -> None:
    """Raises TypeError or ValueError unless the model reads text or hears, and this is for it."""
    _check_model(model)
    given = {name: value for name, value in inputs.items() if value is not None}
    hears = families.hears(model)
    read, alien = ("input_features", "input_ids") if hears else ("input_ids", "input_features")
    does, do = ("hears sound", _SOUND) if hears else ("reads text", _TEXT)
    checks.need(alien not in given, f"inputs hold {alien}, but {type(model).__name__} {does}: {do}")
    came = sorted(given) or "nothing"
    checks.need(read in given, f"inputs must hold {read}, got {came}: {do}")
    for name in ("past_key_values", "encoder_outputs"):
        checks.need(name not in given, f"inputs must be whole texts, got {name}: leave it out")
    _check_architecture(model, given)
    for name, text in given.items():
        if name in IDS:
            _check_ids(name, text, model)
        elif name == "input_features":
            _check_features(text, model)
        elif name == "attention_mask" and hears:
            _check_frames_mask(name, text, families.frames_first(model, given["input_features"]))
        elif name in MASKS:
            _check_mask(name, text, given.get(name.replace("attention_mask", "input_ids")))


def check_differentiable(model: PreTrainedModel) -> None:
    """Gradients flow through floating-point weights only: through others, zeros would be a lie."""
    quantized = getattr(model, "is_quantized", False) or any(
        "quantized" in type(module).__module__ for module in model.modules()
    )
    checks.need(
        not quantized,
        f"model {type(model).__name__} is quantized, and no gradient passes its weights: load it "
        "in float32",
    )


def run(
    model: PreTrainedModel, stacks: dict[str, nn.Module], inputs: dict[str, Tensor]
) -> dict[str, Tensor]:
    """Let the model read: the final states of each stack, (B, T, D).

    ValueError for a text that is longer than the model's positions.
    """
    states = {}

    def keep(kind: str, module: nn.Module, args: tuple, output: object) -> None:
        states[kind] = output[0]

    hooks = [stack.register_forward_hook(partial(keep, kind)) for kind, stack in stacks.items()]
    try:
        model(**inputs)
    except (IndexError, RuntimeError) as error:
        lengths = {name: inputs[name].shape[1] for name in IDS if inputs.get(name) is not None}
        limit = getattr(model.config, "max_position_embeddings", None)
        limit = limit or getattr(model.config, "max_target_positions", None)  # where models hear
        # Some families give up two of their positions, so theirs end before the limit.
        if isinstance(error, IndexError) or (limit and 0 < limit - 2 <= max(lengths.values())):
            raise ValueError(
                f"model {type(model).__name__} can't read {lengths} tokens ({error}); its config "
                f"speaks of {limit} positions: shorten the text, or tokenize with truncation=True"
            ) from error
        raise
    finally:
        for hook in hooks:
            hook.remove()
    return states


def _check_model(model: PreTrainedModel) -> None:
    wanted = (
        "a transformers model, loaded with AutoModelForCausalLM.from_pretrained(model_id), or "
        "what torch.compile wraps, model._orig_mod, or PEFT, model.get_base_model()"
    )
    checks.instance("model", model, PreTrainedModel, wanted)
    checks.need(
        model.main_input_name == "input_ids" or families.hears(model),
        f"model must read text; {type(model).__name__} reads {model.main_input_name}: "
        "load a causal, masked or sequence-to-sequence language model, or for sound one of "
        f"{sorted(families.SOUND)}",
    )
    checks.need(
        not families.hears(model) or model.get_decoder() is not model,
        f"model must hear and write; {type(model).__name__} has no decoder: "
        "load it with AutoModelForSpeechSeq2Seq",
    )
    towers = [n for n in ("vision_config", "audio_config") if getattr(model.config, n, None)]
    checks.need(
        not towers,
        f"model must read text alone; {type(model).__name__} is multimodal ({towers}): "
        "load the language model in it by itself",
    )


def _check_architecture(model: PreTrainedModel, given: dict[str, Tensor]) -> None:
    if model.config.is_encoder_decoder:
        reads = "a sound and a text" if families.hears(model) else "two texts"
        checks.need(
            "decoder_input_ids" in given or "labels" in given,
            f"inputs must hold decoder_input_ids or labels, because {type(model).__name__} is an "
            f"encoder–decoder and reads {reads}: pass labels=tokenizer(text_target=…).input_ids",
        )
        return
    alien = [name for name in given if name.startswith("decoder_")]
    checks.need(
        not alien,
        f"inputs hold {alien}, but {type(model).__name__} has one stack of layers and no second "
        "text: leave them out, or load an AutoModelForSeq2SeqLM",
    )


def _check_ids(name: str, ids: Tensor, model: PreTrainedModel) -> None:
    checks.tensor(name, ids, "B T", "ids")
    if name == "labels":
        return
    stacks = families.stacks(model)  # an encoder's vocabulary need not be its decoder's
    stack = stacks["decoder" if name == "decoder_input_ids" else next(iter(stacks))]
    table = stack.get_input_embeddings().weight
    checks.need(
        ids.device == table.device,
        f"{name} must be on the model's device, {model.device}, got {ids.device}: "
        f"move them with {name}.to(model.device)",
    )
    low, high = map(int, ids.aminmax())
    checks.need(
        low >= 0 and high < len(table),
        f"{name} must be from 0 to {len(table) - 1}, got {low} to {high}: "
        "do tokenizer and model belong together?",
    )


def _check_features(features: Tensor, model: PreTrainedModel) -> None:
    """A log-mel spectrogram as the model's own feature extractor makes it."""
    name, shape = "input_features", getattr(features, "shape", ())
    axes = families.SOUND[model.config.model_type]
    checks.tensor(name, features, None, "float", _SOUND)
    checks.need(
        features.ndim == 3,
        f"{name} must be a log-mel spectrogram ({axes.replace(' ', ', ')}), got {tuple(shape)}: "
        f"of a waveform, {_SOUND}; to one spectrogram add the batch axis, {name}[None]",
    )
    (bins, _), frames = families.convolutions(model), families.chunk(model)
    _, came_frames, came_bins = families.frames_first(model, features).shape
    checks.need(
        came_bins == bins and came_frames == (frames or came_frames),
        f"{name} must have the shape ({axes.replace(' ', ', ')}) with {bins} mel bins"
        f"{f' and {frames} frames' if frames else ''}, got {tuple(shape)}: "
        "do feature extractor and model belong together?",
    )
    checks.need(
        (features.device, features.dtype) == (model.device, model.dtype),
        f"{name} must be {model.dtype} on {model.device}, as the model is, got {features.dtype} on "
        f"{features.device}: use {name}.to(model.device, model.dtype)",
    )
    checks.need(features.isfinite().all(), f"{name} must be finite: is the waveform in order?")


def _check_frames_mask(name: str, mask: Tensor, frames: Tensor) -> None:
    """Only (B, F), with the silence at the end: the library counts the ones, wherever they are."""
    checks.tensor(name, mask, "B F", do="ask for return_tensors='pt'")
    checks.same_shape(name, mask, "the frames of its sounds", frames.shape[:2])
    checks.need(
        ((mask == 0) | (mask == 1)).all() and (mask.int().diff() <= 0).all() and mask[:, 0].all(),
        f"{name} of frames must hold 1 for sound and then, to the end, 0 for padding: pass what "
        "the feature extractor made, or leave it out",
    )


def _check_mask(name: str, mask: Tensor, ids: Tensor | None) -> None:
    """Two forms run as they look: (B, T) of 1 and 0, and whatever has a head axis."""
    checks.tensor(name, mask, None, do="ask for return_tensors='pt'")
    checks.need(
        mask.ndim in (2, 4),
        f"{name} must be (B, T), as the tokenizer made it, or (B, 1, Q, K), got "
        f"{tuple(mask.shape)}: to a mask (B, Q, K) add the head axis, {name}[:, None]",
    )
    if mask.ndim == 4:
        return
    if ids is not None:
        checks.same_shape(name, mask, "its ids", ids.shape)
    checks.need(
        ((mask == 0) | (mask == 1)).all(),
        f"{name} of shape (B, T) must hold 1 for a token and 0 for padding, got "
        f"{mask.min().item():g} to {mask.max().item():g}: numbers to add to the scores take the "
        "shape (B, 1, Q, K)",
    )
