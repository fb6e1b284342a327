using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Orleans.Tbptt.Training.Fused.Simd;

/// <summary>Four numbers in a register of 128 bits.</summary>
internal readonly unsafe struct Floats4(Vector128<float> value) : IFloats<Floats4>
{
    private readonly Vector128<float> _value = value;

    public static int Count => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats4 Of(float value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats4 Load(float* source) => new(Vector128.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Floats4 values, float* destination) => Vector128.Store(values._value, destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats4 operator +(Floats4 left, Floats4 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats4 operator -(Floats4 left, Floats4 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats4 operator *(Floats4 left, Floats4 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats4 operator /(Floats4 left, Floats4 right) => new(left._value / right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats4 operator -(Floats4 value) => new(-value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats4 MultiplyAdd(Floats4 a, Floats4 b, Floats4 c)
    {
        // No conditional expression: the compiler would keep its value in memory.
        if (SingleRounding.IsHardwareAccelerated)
            return new(Vector128.FusedMultiplyAdd(a._value, b._value, c._value));
        return new(SingleRounding.MultiplyAdd(a._value, b._value, c._value));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats4 Abs(Floats4 value) => new(Vector128.Abs(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats4 WithSignOf(Floats4 magnitude, Floats4 sign) => new(Vector128.CopySign(magnitude._value, sign._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats4 WhereLess(Floats4 left, Floats4 right, Floats4 then, Floats4 otherwise) =>
        new(Vector128.ConditionalSelect(Vector128.LessThan(left._value, right._value), then._value, otherwise._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats4 Larger(Floats4 left, Floats4 right) => new(Vector128.MaxNative(left._value, right._value));

    /// <summary>By two factors, neither of which leaves the range of float32 unless the result does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats4 Scaled(Floats4 value, Floats4 exponent)
    {
        var whole = Vector128.ConvertToInt32Native(exponent._value);
        var half = Vector128.ShiftRightArithmetic(whole, 1);
        var bias = Vector128.Create(127);
        var first = Vector128.ShiftLeft(half + bias, 23).AsSingle();
        return new(value._value * first * Vector128.ShiftLeft(whole - half + bias, 23).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats4 PowerOfTwo(Floats4 exponent) =>
        new(Vector128.ShiftLeft(Vector128.ConvertToInt32Native(exponent._value) + Vector128.Create(127), 23).AsSingle());
}
