namespace Orleans.Tbptt.Specs;

/// <summary>A kind of device. Results of unlike kinds differ in their last bits.</summary>
/// <param name="Word">The device's name, less its number.</param>
/// <param name="Plural">What messages call them.</param>
public sealed record DeviceKind(string Word, string Plural)
{
    /// <summary>Processors.</summary>
    public static DeviceKind Cpu { get; } = new("cpu", "CPUs");

    /// <summary>NVIDIA's GPUs.</summary>
    public static DeviceKind Cuda { get; } = new("cuda", "GPUs");
}
