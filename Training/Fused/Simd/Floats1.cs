using System.Runtime.CompilerServices;

namespace Orleans.Tbptt.Training.Fused.Simd;

/// <summary>One number: the ends of rows, and processors without vectors.</summary>
internal readonly unsafe struct Floats1(float value) : IFloats<Floats1>
{
    private readonly float _value = value;

    public static int Count => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats1 Of(float value) => new(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats1 Load(float* source) => new(*source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Floats1 values, float* destination) => *destination = values._value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats1 operator +(Floats1 left, Floats1 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats1 operator -(Floats1 left, Floats1 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats1 operator *(Floats1 left, Floats1 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats1 operator /(Floats1 left, Floats1 right) => new(left._value / right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats1 operator -(Floats1 value) => new(-value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats1 MultiplyAdd(Floats1 a, Floats1 b, Floats1 c)
    {
        if (SingleRounding.IsHardwareAccelerated)
            return new(MathF.FusedMultiplyAdd(a._value, b._value, c._value));
        return new(SingleRounding.MultiplyAdd(a._value, b._value, c._value));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats1 Abs(Floats1 value) => new(MathF.Abs(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats1 WithSignOf(Floats1 magnitude, Floats1 sign) => new(MathF.CopySign(magnitude._value, sign._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats1 WhereLess(Floats1 left, Floats1 right, Floats1 then, Floats1 otherwise) => left._value < right._value ? then
        : otherwise;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats1 Larger(Floats1 left, Floats1 right) => left._value > right._value ? left : right;

    /// <summary>By two factors, neither of which leaves the range of float32 unless the result does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats1 Scaled(Floats1 value, Floats1 exponent)
    {
        int whole = (int)exponent._value, half = whole >> 1;
        return new(value._value * Power(half) * Power(whole - half));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats1 PowerOfTwo(Floats1 exponent) =>
        new(Power((int)exponent._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Power(int exponent) => BitConverter.Int32BitsToSingle(unchecked((exponent + 127) << 23));
}
