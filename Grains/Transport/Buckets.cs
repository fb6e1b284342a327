namespace Orleans.Tbptt.Grains.Transport;

/// <summary>How parameters and gradients of a large model are cut into messages.</summary>
internal static class Buckets
{
    /// <summary>Elements of a bucket: 1 MiB of float32. A multiple of what the fixed order of the norm takes at once.</summary>
    public const int Elements = 1 << 18;

    /// <summary>
    /// Buckets on their way to or from a silo at once: enough to keep the wire busy, few enough that a probe does not wait long behind
    /// them.
    /// </summary>
    public const int InFlight = 8;

    /// <summary>How many buckets so many elements have.</summary>
    public static int Count(int length) => (length + Elements - 1) / Elements;

    /// <summary>Whether so many elements travel in separate buckets.</summary>
    public static bool AreUsedFor(int length) => length > Elements;

    /// <summary>A bucket of something.</summary>
    public static Memory<float> Of(Memory<float> whole, int bucket) =>
        whole.Slice(bucket * Elements, Math.Min(Elements, whole.Length - bucket * Elements));
}
