using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Orleans.Tbptt.Training.Fused.Simd;

/// <summary>Sixteen numbers in a register of 512 bits.</summary>
internal readonly unsafe struct Floats16(Vector512<float> value) : IFloats<Floats16>
{
    private readonly Vector512<float> _value = value;

    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 Of(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 Load(float* source) => new(Vector512.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Floats16 values, float* destination) => Vector512.Store(values._value, destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 operator +(Floats16 left, Floats16 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 operator -(Floats16 left, Floats16 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 operator *(Floats16 left, Floats16 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 operator /(Floats16 left, Floats16 right) => new(left._value / right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 operator -(Floats16 value) => new(-value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 MultiplyAdd(Floats16 a, Floats16 b, Floats16 c) => new(Vector512.FusedMultiplyAdd(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 Abs(Floats16 value) => new(Vector512.Abs(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 WithSignOf(Floats16 magnitude, Floats16 sign) => new(Vector512.CopySign(magnitude._value, sign._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 WhereLess(Floats16 left, Floats16 right, Floats16 then, Floats16 otherwise) =>
        new(Vector512.ConditionalSelect(Vector512.LessThan(left._value, right._value), then._value, otherwise._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 Larger(Floats16 left, Floats16 right) => new(Vector512.MaxNative(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 Scaled(Floats16 value, Floats16 exponent) => new(Avx512F.Scale(value._value, exponent._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 PowerOfTwo(Floats16 exponent) =>
        new(Vector512.ShiftLeft(Vector512.ConvertToInt32Native(exponent._value) + Vector512.Create(127), 23).AsSingle());
}
