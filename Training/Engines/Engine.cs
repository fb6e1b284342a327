using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Engines;

/// <summary>An engine that creates replicas.</summary>
public abstract record Engine : EngineSpec
{
    private static readonly DeviceName AnyGpu = new("cuda:0");

    /// <summary>A run's engine.</summary>
    public static Engine Of(RunSpec spec) => (Engine)spec.Engine;

    /// <summary>Creates a replica with a run's engine. The first replica of an engine in a separate assembly loads it.</summary>
    /// <param name="spec">The run's spec, every size known.</param>
    /// <param name="device">Its device, <c>cpu</c> or <c>cuda:N</c>.</param>
    /// <exception cref="DeviceUnavailableException">This machine has no such device, or the engine does not compute on it.</exception>
    /// <exception cref="EngineUnavailableException">The engine cannot be loaded.</exception>
    public static IReplica Open(RunSpec spec, DeviceName device)
    {
        var engine = Of(spec);
        if (!engine.ComputesOn(device))
        {
            throw new DeviceUnavailableException(device,
                $"found engine {engine.Word}, expected an engine that computes on {device.Kind?.Plural}; set "
                + $"device: {string.Join(" or ", engine.Devices.Select(kind => kind.Word))}, or engine: auto");
        }

        var one = engine.On(device);
        if (spec.Train.UsesTensorCores && !(device.Kind is { } kind && one.TensorCoreDevices.Contains(kind)))
        {
            throw new DeviceUnavailableException(device,
                $"found train.precision: {spec.Train.PrecisionWord} with engine {one.Word}, expected a GPU and engine fused, "
                + "because nothing else computes products by tensor cores; let silos with GPUs compute it, or write precision: float32");
        }

        return one.Create(spec.Model, spec.Train.Loss, device, spec.Train.Threads, spec.Train.Precision);
    }

    /// <summary>
    /// The engine that computes on a device: this one, unless it leaves the choice to the device. A function of the two only, so that all
    /// trainers of a run choose the same.
    /// </summary>
    /// <param name="device">The device, <c>cpu</c> or <c>cuda:N</c>.</param>
    public virtual Engine On(DeviceName device) => this;

    /// <summary>
    /// Whether trainers of a run may compute on CPUs and GPUs side by side: one engine computes on both, with the same bits, unless the
    /// run's products are those of tensor cores.
    /// </summary>
    public bool MixesDevices => ComputesOn(AnyGpu) && On(DeviceName.Cpu) is { IsSameEverywhere: true } one && On(AnyGpu) == one;

    /// <summary>The engine that computes on a device, and why, such as <c>fused (on CPUs, by engine: auto)</c>.</summary>
    /// <param name="device">The device, <c>cpu</c> or <c>cuda:N</c>.</param>
    public string Explain(DeviceName device)
    {
        var engine = On(device);
        return $"{engine.Word} ({(engine == this ? "" : $"on {device.Kind?.Plural}, ")}by engine: {Word})";
    }

    /// <summary>Looks up this machine's devices; null where the engine cannot.</summary>
    /// <exception cref="EngineUnavailableException">The engine cannot be loaded.</exception>
    public virtual DeviceSelector? FindDevices() => null;

    /// <inheritdoc cref="IEngineLibrary.Ask"/>
    public virtual GpuFacts? Ask(DeviceName device) => null;

    /// <inheritdoc cref="IEngineLibrary.Open"/>
    /// <param name="model">The model, every size known.</param>
    /// <param name="loss">The loss to sum.</param>
    /// <param name="device">Its device, <c>cpu</c> or <c>cuda:N</c>.</param>
    /// <param name="threads">Threads that compute its chunks, where it has a choice.</param>
    /// <param name="precision">What factors of large products are rounded to; another one than float32 where it has tensor cores.</param>
    internal abstract IReplica Create(
        ModelSpec model, LossSpec loss, DeviceName device, int threads = 1, PrecisionKind precision = PrecisionKind.Full);
}
