using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Orleans.Tbptt.Training.Fused.Simd;

/// <summary>Eight numbers in a register of 256 bits.</summary>
internal readonly unsafe struct Floats8(Vector256<float> value) : IFloats<Floats8>
{
    private readonly Vector256<float> _value = value;

    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 Of(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 Load(float* source) => new(Vector256.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Floats8 values, float* destination) => Vector256.Store(values._value, destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 operator +(Floats8 left, Floats8 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 operator -(Floats8 left, Floats8 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 operator *(Floats8 left, Floats8 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 operator /(Floats8 left, Floats8 right) => new(left._value / right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 operator -(Floats8 value) => new(-value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 MultiplyAdd(Floats8 a, Floats8 b, Floats8 c) => new(Vector256.FusedMultiplyAdd(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 Abs(Floats8 value) => new(Vector256.Abs(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 WithSignOf(Floats8 magnitude, Floats8 sign) => new(Vector256.CopySign(magnitude._value, sign._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 WhereLess(Floats8 left, Floats8 right, Floats8 then, Floats8 otherwise) =>
        new(Vector256.ConditionalSelect(Vector256.LessThan(left._value, right._value), then._value, otherwise._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 Larger(Floats8 left, Floats8 right) => new(Vector256.MaxNative(left._value, right._value));

    /// <summary>By two factors, neither of which leaves the range of float32 unless the result does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 Scaled(Floats8 value, Floats8 exponent)
    {
        var whole = Vector256.ConvertToInt32Native(exponent._value);
        var half = Vector256.ShiftRightArithmetic(whole, 1);
        var bias = Vector256.Create(127);
        var first = Vector256.ShiftLeft(half + bias, 23).AsSingle();
        return new(value._value * first * Vector256.ShiftLeft(whole - half + bias, 23).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 PowerOfTwo(Floats8 exponent) =>
        new(Vector256.ShiftLeft(Vector256.ConvertToInt32Native(exponent._value) + Vector256.Create(127), 23).AsSingle());
}
