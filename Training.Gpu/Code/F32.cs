using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Training.Gpu.Code;

/// <summary>
/// A float32 in a kernel that is being built. It is one of the fused engine's registers, so the engine's own code, run over it once, writes
/// a kernel down: gates, exp, tanh and losses exist once.
/// </summary>
internal readonly unsafe struct F32(Operand operand) : IFloats<F32>
{
    private const int Magnitude = int.MaxValue, Sign = int.MinValue;

    /// <summary>The register or the constant.</summary>
    public Operand Operand { get; } = operand;

    public static int Count => 1;

    public static implicit operator F32(float value) => new(Operand.Of(value));

    public static F32 Of(float value) => value;

    public static F32 Load(float* source) => KernelBuilder.Current.LoadTraced(source);

    public static void Store(F32 values, float* destination) => KernelBuilder.Current.StoreTraced(destination, values);

    public static F32 operator +(F32 left, F32 right) => Of(Operation.Add, left, right);

    public static F32 operator -(F32 left, F32 right) => Of(Operation.Subtract, left, right);

    public static F32 operator *(F32 left, F32 right) => Of(Operation.Multiply, left, right);

    public static F32 operator /(F32 left, F32 right) => Of(Operation.Divide, left, right);

    public static F32 operator -(F32 value) => new(KernelBuilder.Current.Emit(Operation.Negate, RegisterType.F32, value.Operand));

    public static F32 MultiplyAdd(F32 a, F32 b, F32 c) =>
        new(KernelBuilder.Current.Emit(Operation.FusedMultiplyAdd, RegisterType.F32, a.Operand, b.Operand, c.Operand));

    public static F32 Abs(F32 value) => OfBits(Masked(value, Magnitude));

    public static F32 WithSignOf(F32 magnitude, F32 sign) => OfBits(
        KernelBuilder.Current.Emit(Operation.Or, RegisterType.I32, Masked(magnitude, Magnitude), Masked(sign, Sign)));

    public static F32 WhereLess(F32 left, F32 right, F32 then, F32 otherwise) => Choose(left < right, then, otherwise);

    public static F32 Larger(F32 left, F32 right) => Choose(right < left, left, right);

    /// <summary>By two factors, as registers of the CPU without an instruction of their own.</summary>
    public static F32 Scaled(F32 value, F32 exponent)
    {
        Int whole = Whole(exponent), half = whole >> 1;
        return value * Power(half) * Power(whole - half);
    }

    public static F32 PowerOfTwo(F32 exponent) => Power(Whole(exponent));

    /// <summary>False where one is a NaN.</summary>
    public static Flag operator <(F32 left, F32 right) =>
        new(KernelBuilder.Current.Emit(Operation.Less, RegisterType.F32, RegisterType.Bool, left.Operand, right.Operand));

    /// <inheritdoc cref="op_LessThan"/>
    public static Flag operator >(F32 left, F32 right) => right < left;

    /// <summary>One of two.</summary>
    public static F32 Choose(Flag condition, F32 then, F32 otherwise) =>
        new(KernelBuilder.Current.Emit(Operation.Select, RegisterType.F32, condition.Operand, then.Operand, otherwise.Operand));

    /// <summary>Whether a number is one, by its bits, which no compiler can take for granted.</summary>
    public static Flag IsNumber(F32 value)
    {
        const int infinity = 0x7F800000;
        return new Int(Masked(value, Magnitude)) <= infinity;
    }

    private static Int Whole(F32 value) =>
        new(KernelBuilder.Current.Emit(Operation.Convert, RegisterType.F32, RegisterType.I32, value.Operand));

    private static F32 Power(Int exponent) => OfBits(((exponent + 127) << 23).Operand);

    private static F32 OfBits(Operand bits) =>
        new(KernelBuilder.Current.Emit(Operation.Reinterpret, RegisterType.I32, RegisterType.F32, bits));

    private static Operand Masked(F32 value, int mask)
    {
        var bits = KernelBuilder.Current.Emit(Operation.Reinterpret, RegisterType.F32, RegisterType.I32, value.Operand);
        return KernelBuilder.Current.Emit(Operation.And, RegisterType.I32, bits, Operand.Of(mask));
    }

    private static F32 Of(Operation operation, F32 left, F32 right) =>
        new(KernelBuilder.Current.Emit(operation, RegisterType.F32, left.Operand, right.Operand));
}
