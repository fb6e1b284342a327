namespace Orleans.Tbptt.Training.Gpu.Code;

/// <summary>A kernel: what every thread of a grid executes.</summary>
/// <param name="Name">Its name, unique in a module; the same name always means the same code.</param>
/// <param name="Parameters">The types of its parameters, in order.</param>
/// <param name="Instructions">Its instructions, in order.</param>
/// <param name="Registers">The type of each register.</param>
/// <param name="SharedBytes">Bytes of shared memory of a block.</param>
/// <param name="Threads">Threads of a block at most.</param>
internal sealed record KernelCode(
    string Name, IReadOnlyList<RegisterType> Parameters, IReadOnlyList<Instruction> Instructions, IReadOnlyList<RegisterType> Registers,
    int SharedBytes, int Threads)
{
    /// <summary>Shared memory that every GPU gives a block without being asked for more.</summary>
    public const int MostSharedBytes = 48 << 10;

    /// <summary>Whether it waits for all blocks of its grid, which must then fit on the device at once.</summary>
    public bool SpansGrid => Instructions.Any(one => one.Operation == Operation.GridBarrier);

    /// <summary>Whether it computes products of a warp.</summary>
    public bool UsesTensorCores => Instructions.Any(one => one.IsOfWarp);
}
