using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs;

/// <summary>What computes a replica's forward and backward passes.</summary>
public abstract record EngineSpec : Choice
{
    /// <summary>The kinds of device it computes on; never empty.</summary>
    public abstract IReadOnlyList<DeviceKind> Devices { get; }

    /// <summary>
    /// Whether it gives the same bits on every processor; of an engine that leaves the choice to the device, whether it does on some.
    /// </summary>
    public virtual bool IsSameEverywhere => false;

    /// <summary>
    /// Whether it runs a step of whole sequences in pieces of <see cref="TbpttSpec.ChunkLength"/> time steps; otherwise it holds them
    /// whole.
    /// </summary>
    public virtual bool WorksByPieces => false;

    /// <summary>The kinds of device on which it computes large matrix products by tensor cores, where a spec wants that.</summary>
    public virtual IReadOnlyList<DeviceKind> TensorCoreDevices => [];

    /// <summary>Whether it computes on a device, or on some device where that is <c>auto</c>.</summary>
    public bool ComputesOn(DeviceName device) => device.Kind is not { } kind || Devices.Contains(kind);

    /// <summary>Whether it computes a run on the spec's device, and every choice of its model and loss there.</summary>
    internal bool Computes(RunSpec spec)
    {
        var findings = new Findings(default);
        if (ComputesOn(spec.Device))
            Check(spec, findings);
        return ComputesOn(spec.Device) && !findings.Any;
    }

    /// <summary>Looks for keys of the spec that it cannot compute. Its devices have been checked before.</summary>
    public virtual void Check(RunSpec spec, Findings findings)
    {
    }
}
