namespace Orleans.Tbptt.Specs;

/// <summary>What computes a replica's forward and backward passes.</summary>
public enum EngineKind
{
    /// <summary><see cref="Fused"/> on a CPU, <see cref="Torch"/> on a GPU.</summary>
    Auto,

    /// <summary>Kernels of our own, on CPUs alone: the same bits on every processor.</summary>
    Fused,

    /// <summary>libtorch, whose bits depend on the kind of device and processor.</summary>
    Torch,
}
