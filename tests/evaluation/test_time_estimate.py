"""Every packaged network has a time on every packaged device, each with the word it deserves, and none of another chip."""

from __future__ import annotations

import pytest

from costmodel.evaluation.timing.estimate import estimate_time
from costmodel.evaluation.timing.knowledge import knowledge_of
from costmodel.evaluation.timing.network_regressors import timed_steps
from costmodel.results.timing.time_estimate import TimeBasis
from costmodel.results.trust import Trust, weakest
from costmodel.sources.catalogue import load_device, load_network, names
from costmodel.sources.runtimes import load_runtime, usual_runtime
from costmodel.specs.base import with_changes

RUNTIMES = {name: load_runtime(name) for name in names("runtimes")}
INT8 = ("autoencoder", "ds-cnn", "mobilenet-v1-0.25", "resnet20", "resnet8")


@pytest.mark.parametrize("device_name", names("devices"))
@pytest.mark.parametrize("network_name", names("networks"))
def test_every_pair_has_an_interval_under_its_usual_runtime(network_name: str, device_name: str) -> None:
    device, network = load_device(device_name), load_network(network_name)
    runtime = usual_runtime(device)
    assert runtime is not None
    found = estimate_time(network, device, runtime)
    assert found.low_s is not None
    assert found.high_s is not None
    assert 0.0 < found.low_s < found.high_s
    assert found.trust in (Trust.CALIBRATED, Trust.SCALED, Trust.RANGE, Trust.ASSUMED)
    assert (found.duration_s is None) == (found.trust in (Trust.RANGE, Trust.ASSUMED))
    if network_name not in INT8:
        assert found.trust is Trust.ASSUMED
        assert found.float_factor


def test_twice_the_clock_is_half_the_time() -> None:
    device, network = load_device("stm32l476rg"), load_network("resnet8")
    slow, fast = (estimate_time(network, device, RUNTIMES["tflm-cmsis-nn"], clock) for clock in (40e6, 80e6))
    assert slow.duration_s == pytest.approx(2 * (fast.duration_s or 0.0))


def test_layers_whose_kind_nobody_timed_withhold_the_point() -> None:
    found = estimate_time(load_network("ds-cnn"), load_device("nrf52840"), RUNTIMES["tflm-cmsis-nn"])
    assert found.trust is Trust.RANGE
    assert found.basis is TimeBasis.KERNEL_RATES
    assert found.duration_s is None
    assert found.unmeasured_mac_ratio == pytest.approx(288_768 / 2_656_768)


def test_rates_of_the_nearest_clock_are_taken() -> None:
    slow = estimate_time(load_network("resnet8"), load_device("nrf52840"), RUNTIMES["tflm-cmsis-nn"])
    fast = estimate_time(load_network("resnet8"), with_changes(load_device("nrf52840"), {"clock_hz": (168e6,)}), RUNTIMES["tflm-cmsis-nn"])
    assert slow.measured_on == "Nicla Sense ME"
    assert fast.measured_on == "NUCLEO-F446RE"


def test_a_network_measured_on_one_chip_serves_no_other() -> None:
    other = with_changes(load_device("esp32-wroom"), {"name": "another-esp32"})
    found = estimate_time(load_network("ds-cnn"), other, RUNTIMES["esp-nn"])
    assert found.basis is TimeBasis.CLASS_RANGE
    assert found.duration_s is None


def test_a_core_nobody_measured_is_unknown() -> None:
    device = with_changes(load_device("esp32-wroom"), {"core": "MSP430"})
    found = estimate_time(load_network("ds-cnn"), device, RUNTIMES["tflm-cmsis-nn"])
    assert found.trust is Trust.UNKNOWN
    assert found.low_s is None


def test_published_times_lie_in_their_intervals() -> None:
    """ESP-NN's README: person detection on an ESP32-S3, 54 and 47 ms. MLPerf Tiny v1.0, microTVM: ResNet-8, 46.8 million cycles."""
    found = estimate_time(load_network("mobilenet-v1-0.25"), load_device("esp32-s3-wroom-1-n8"), RUNTIMES["esp-nn"])
    assert (found.low_s or 1.0) < 0.047 < 0.054 < (found.high_s or 0.0)
    device = with_changes(load_device("stm32l476rg"), {"clock_hz": (120e6,)})
    resnet = estimate_time(load_network("resnet8"), device, RUNTIMES["tflm-cmsis-nn"])
    assert (resnet.duration_s or 0.0) * 120e6 == pytest.approx(46.8e6, rel=0.05)


def test_a_runtime_made_for_other_chips_knows_nothing_of_this_one() -> None:
    assert knowledge_of(RUNTIMES["x-cube-ai"], load_device("rp2040-pico")) is None
    assert knowledge_of(RUNTIMES["esp-nn"], load_device("esp32-wroom")).trust is Trust.SCALED  # type: ignore[union-attr]


def test_a_figure_carries_the_weakest_word() -> None:
    assert weakest(Trust.EXACT, Trust.RANGE, Trust.MEASURED) is Trust.RANGE
    assert weakest(Trust.SCALED, Trust.CALIBRATED) is Trust.SCALED


@pytest.mark.parametrize(("runtime", "device", "count"), [("x-cube-ai", "stm32l4r5zi", 4), ("plumerai", "stm32u575zi", 4)])
def test_boards_of_mlperf_tiny_are_scaled_from_their_own_networks(runtime: str, device: str, count: int) -> None:
    own = [network for network in RUNTIMES[runtime].measured if network.device == device]
    assert len({network.version for network in own}) == 1
    for measured in own:
        found = estimate_time(load_network(measured.network), load_device(device), RUNTIMES[runtime])
        assert found.trust is Trust.SCALED
        assert found.network_count == count
        assert found.version == measured.version
        assert (found.low_s or 1.0) < measured.duration_s < (found.high_s or 0.0)


def test_vector_instructions_say_nothing_of_a_core_without_them() -> None:
    found = estimate_time(load_network("ds-cnn"), load_device("esp32-s2"), RUNTIMES["esp-nn"])
    vectors = estimate_time(load_network("ds-cnn"), load_device("esp32-s3-wroom-1-n8"), RUNTIMES["esp-nn"])
    assert found.basis is TimeBasis.CLASS_RANGE
    assert (found.low_s or 0.0) > (vectors.high_s or 1.0)


def test_an_accelerator_says_nothing_of_the_core_beside_it() -> None:
    """An EFR32MG24's accelerator takes 0.96 cycles per multiply-accumulate; its core under CMSIS-NN, like any Cortex-M33, takes more."""
    held = next(entry for entry in RUNTIMES["tflm-cmsis-nn"].ranges if entry.core == "Cortex-M33")
    assert held.low_cycles > 1.0


@pytest.mark.parametrize("network", ["resnet8", "ds-cnn", "mobilenet-v1-0.25", "autoencoder"])
@pytest.mark.parametrize(
    ("device", "runtime"), [("stm32l4r5zi", "tflm-cmsis-nn"), ("esp32-s3-wroom-1-n8", "esp-nn"), ("esp32-wroom", "esp-nn")]
)
def test_layers_and_their_terms_add_up_to_the_time(network: str, device: str, runtime: str) -> None:
    subject = load_network(network)
    found = estimate_time(subject, load_device(device), load_runtime(runtime))
    for layer in found.layers:
        assert sum(term.cycles for term in layer.terms) == pytest.approx(layer.cycles, rel=1e-12)
        for term in layer.terms:
            assert sum(one.cycles for one in term.regressors) == pytest.approx(term.cycles, rel=1e-12)
    assert bool(found.layers) == (found.duration_s is not None)
    if found.layers:
        assert sum(layer.share_ratio for layer in found.layers) == pytest.approx(1.0)
    if found.duration_s is not None and not found.unmeasured_mac_ratio:
        assert sum(layer.duration_s for layer in found.layers) == pytest.approx(found.duration_s, rel=1e-12)
        multiplying = {timed.step.name for timed in timed_steps(subject) if timed.mac_count}
        assert {layer.layer for layer in found.layers} >= multiplying


def test_a_range_tells_no_layer_from_another() -> None:
    found = estimate_time(load_network("resnet8"), load_device("rp2040-pico"), load_runtime("tflm-cmsis-nn"))
    assert found.trust is Trust.RANGE
    assert found.layers == ()
