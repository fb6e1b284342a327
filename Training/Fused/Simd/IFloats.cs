namespace Orleans.Tbptt.Training.Fused.Simd;

/// <summary>
/// A vector of float32 numbers. Kernels are written once against this interface; the width does not affect a bit, because every
/// operation is exactly rounded, element by element, and none sums across elements.
/// </summary>
/// <typeparam name="TSelf">The width.</typeparam>
internal unsafe interface IFloats<TSelf> where TSelf : unmanaged, IFloats<TSelf>
{
    /// <summary>How many numbers.</summary>
    static abstract int Count { get; }

    static abstract TSelf Of(float value);

    static abstract TSelf Load(float* source);

    static abstract void Store(TSelf values, float* destination);

    static abstract TSelf operator +(TSelf left, TSelf right);

    static abstract TSelf operator -(TSelf left, TSelf right);

    static abstract TSelf operator *(TSelf left, TSelf right);

    static abstract TSelf operator /(TSelf left, TSelf right);

    static abstract TSelf operator -(TSelf value);

    /// <summary>a · b + c, rounded once, also on processors without the instruction.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    static abstract TSelf Abs(TSelf value);

    /// <summary>The magnitude of the first with the sign of the second.</summary>
    static abstract TSelf WithSignOf(TSelf magnitude, TSelf sign);

    /// <summary>
    /// For each element <paramref name="then"/> where left &lt; right, otherwise (and for a NaN) <paramref name="otherwise"/>.
    /// </summary>
    static abstract TSelf WhereLess(TSelf left, TSelf right, TSelf then, TSelf otherwise);

    /// <summary>The larger element of each pair; <paramref name="right"/> where that is a NaN. Undefined where left is one.</summary>
    static abstract TSelf Larger(TSelf left, TSelf right);

    /// <summary>Each element times 2 to the power of an integer from −150 to 129, rounded once. The element is 0 or from ½ to 4, or a
    /// NaN.</summary>
    static abstract TSelf Scaled(TSelf value, TSelf exponent);

    /// <summary>2 to the power of each element: integers from −126 to 127. Undefined for others.</summary>
    static abstract TSelf PowerOfTwo(TSelf exponent);
}
