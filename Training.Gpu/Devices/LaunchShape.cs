using System.Globalization;

namespace Orleans.Tbptt.Training.Gpu.Devices;

/// <summary>A launch, for messages.</summary>
/// <param name="Kernel">The kernel's name.</param>
/// <param name="X">Blocks in x.</param>
/// <param name="Y">Blocks in y.</param>
/// <param name="Threads">Threads of a block.</param>
internal readonly record struct LaunchShape(string Kernel, int X, int Y, int Threads)
{
    /// <summary>Blocks in y at most; in x there may be as many as an int counts.</summary>
    public const int MostY = 65_535;

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"kernel {Kernel} on a grid of {X} × {Y} blocks of {Threads} threads");
}
