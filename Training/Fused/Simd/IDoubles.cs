namespace Orleans.Tbptt.Training.Fused.Simd;

/// <summary>
/// A float64. Code over it is compiled for this processor (<see cref="Double1"/>), or written down for another kind of one.
/// </summary>
/// <typeparam name="TSelf">The number.</typeparam>
internal interface IDoubles<TSelf> where TSelf : unmanaged, IDoubles<TSelf>
{
    static abstract TSelf Of(double value);

    static abstract TSelf operator +(TSelf left, TSelf right);

    static abstract TSelf operator -(TSelf left, TSelf right);

    static abstract TSelf operator *(TSelf left, TSelf right);

    static abstract TSelf operator /(TSelf left, TSelf right);

    /// <summary><paramref name="then"/> where left &lt; right, otherwise (and for a NaN) <paramref name="otherwise"/>.</summary>
    static abstract TSelf WhereLess(TSelf left, TSelf right, TSelf then, TSelf otherwise);

    /// <summary>e of a normal x = 2^e · m &gt; 0 with m from 1 to 2. Undefined for others.</summary>
    static abstract TSelf Exponent(TSelf value);

    /// <summary>That m. Undefined for others.</summary>
    static abstract TSelf Mantissa(TSelf value);
}

/// <summary>A float64 of this processor.</summary>
/// <param name="Value">It.</param>
internal readonly record struct Double1(double Value) : IDoubles<Double1>
{
    /// <summary>The bits of a fraction, the bits of 1, and the place and bias of an exponent.</summary>
    public const long Fraction = 0x000FFFFFFFFFFFFF, One = 0x3FF0000000000000;

    /// <inheritdoc cref="Fraction"/>
    public const int ExponentPlace = 52, Bias = 1023;

    public static Double1 Of(double value) => new(value);

    public static Double1 operator +(Double1 left, Double1 right) => new(left.Value + right.Value);

    public static Double1 operator -(Double1 left, Double1 right) => new(left.Value - right.Value);

    public static Double1 operator *(Double1 left, Double1 right) => new(left.Value * right.Value);

    public static Double1 operator /(Double1 left, Double1 right) => new(left.Value / right.Value);

    public static Double1 WhereLess(Double1 left, Double1 right, Double1 then, Double1 otherwise) =>
        left.Value < right.Value ? then : otherwise;

    public static Double1 Exponent(Double1 value) => new((int)(BitConverter.DoubleToInt64Bits(value.Value) >> ExponentPlace) - Bias);

    public static Double1 Mantissa(Double1 value) =>
        new(BitConverter.Int64BitsToDouble((BitConverter.DoubleToInt64Bits(value.Value) & Fraction) | One));
}
