using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Training.Gpu.Code;

/// <summary>A predicate of a kernel that is being built.</summary>
internal readonly record struct Flag(Operand Operand)
{
    public static Flag operator &(Flag left, Flag right) =>
        new(KernelBuilder.Current.Emit(Operation.And, RegisterType.Bool, left.Operand, right.Operand));

    public static Flag operator |(Flag left, Flag right) =>
        new(KernelBuilder.Current.Emit(Operation.Or, RegisterType.Bool, left.Operand, right.Operand));
}

/// <summary>A whole number of 32 bits in a kernel that is being built.</summary>
internal readonly record struct Int(Operand Operand)
{
    public static implicit operator Int(int value) => new(Operand.Of(value));

    public static Int operator +(Int left, Int right) => IsZero(right) ? left : IsZero(left) ? right : Of(Operation.Add, left, right);

    public static Int operator -(Int left, Int right) => IsZero(right) ? left : Of(Operation.Subtract, left, right);

    public static Int operator *(Int left, Int right) => Of(Operation.Multiply, left, right);

    public static Int operator /(Int left, Int right) => Of(Operation.Divide, left, right);

    public static Int operator %(Int left, Int right) => Of(Operation.Remainder, left, right);

    public static Int operator &(Int left, int mask) => Of(Operation.And, left, mask);

    public static Int operator <<(Int left, int bits) => Of(Operation.ShiftLeft, left, bits);

    /// <summary>With copies of the sign.</summary>
    public static Int operator >>(Int left, int bits) => Of(Operation.ShiftRightArithmetic, left, bits);

    public static Flag operator <(Int left, Int right) => Compared(Operation.Less, left, right);

    public static Flag operator >(Int left, Int right) => right < left;

    public static Flag operator <=(Int left, Int right) => Compared(Operation.LessOrEqual, left, right);

    public static Flag operator >=(Int left, Int right) => right <= left;

    /// <summary>Whether it is another one.</summary>
    public Flag Is(Int other) => Compared(Operation.Equal, this, other);

    /// <summary>This one or the other one, whichever is less.</summary>
    public Int AtMost(Int other) =>
        new(KernelBuilder.Current.Emit(Operation.Select, RegisterType.I32, (this < other).Operand, Operand, other.Operand));

    private static bool IsZero(Int value) => value.Operand is { IsConstant: true, Bits: 0 };

    private static Int Of(Operation operation, Int left, Int right) =>
        new(KernelBuilder.Current.Emit(operation, RegisterType.I32, left.Operand, right.Operand));

    private static Flag Compared(Operation operation, Int left, Int right) =>
        new(KernelBuilder.Current.Emit(operation, RegisterType.I32, RegisterType.Bool, left.Operand, right.Operand));
}

/// <summary>A whole number of 64 bits without a sign, in a kernel that is being built.</summary>
internal readonly record struct Word(Operand Operand)
{
    public static implicit operator Word(ulong value) => new(Operand.Of(unchecked((long)value)));

    public static Word operator +(Word left, Word right) => Of(Operation.Add, left, right);

    public static Word operator *(Word left, Word right) => Of(Operation.Multiply, left, right);

    public static Word operator ^(Word left, Word right) => Of(Operation.Xor, left, right);

    public static Word operator &(Word left, Word right) => Of(Operation.And, left, right);

    public static Word operator |(Word left, Word right) => Of(Operation.Or, left, right);

    public static Word operator >>(Word left, int bits) =>
        new(KernelBuilder.Current.Emit(Operation.ShiftRight, RegisterType.I64, left.Operand, Operand.Of(bits)));

    /// <summary>A number that is not negative.</summary>
    public static Word Of(Int value) =>
        new(KernelBuilder.Current.Emit(Operation.Convert, RegisterType.I32, RegisterType.I64, value.Operand));

    /// <summary>The lower 32 bits.</summary>
    public Int Low => new(KernelBuilder.Current.Emit(Operation.Convert, RegisterType.I64, RegisterType.I32, Operand));

    /// <summary>Less than another one; both are below 2⁶³.</summary>
    public static Flag operator <(Word left, Word right) =>
        new(KernelBuilder.Current.Emit(Operation.Less, RegisterType.I64, RegisterType.Bool, left.Operand, right.Operand));

    public static Flag operator >(Word left, Word right) => right < left;

    private static Word Of(Operation operation, Word left, Word right) =>
        new(KernelBuilder.Current.Emit(operation, RegisterType.I64, left.Operand, right.Operand));
}

/// <summary>A float64 in a kernel that is being built.</summary>
internal readonly record struct F64(Operand Operand) : IDoubles<F64>
{
    public static implicit operator F64(double value) => new(Operand.Of(value));

    public static F64 operator +(F64 left, F64 right) => Of(Operation.Add, left, right);

    public static F64 operator -(F64 left, F64 right) => Of(Operation.Subtract, left, right);

    public static F64 operator *(F64 left, F64 right) => Of(Operation.Multiply, left, right);

    public static F64 operator /(F64 left, F64 right) => Of(Operation.Divide, left, right);

    public static Flag operator <(F64 left, F64 right) =>
        new(KernelBuilder.Current.Emit(Operation.Less, RegisterType.F64, RegisterType.Bool, left.Operand, right.Operand));

    public static Flag operator >(F64 left, F64 right) => right < left;

    public static F64 Of(double value) => value;

    /// <summary>A float32, exactly.</summary>
    public static F64 Of(F32 value) =>
        new(KernelBuilder.Current.Emit(Operation.Convert, RegisterType.F32, RegisterType.F64, value.Operand));

    /// <summary>A whole number, exactly.</summary>
    public static F64 Of(Int value) =>
        new(KernelBuilder.Current.Emit(Operation.Convert, RegisterType.I32, RegisterType.F64, value.Operand));

    /// <summary>The number of these bits.</summary>
    public static F64 OfBits(Word bits) =>
        new(KernelBuilder.Current.Emit(Operation.Reinterpret, RegisterType.I64, RegisterType.F64, bits.Operand));

    /// <summary>Its bits.</summary>
    public Word Bits => new(KernelBuilder.Current.Emit(Operation.Reinterpret, RegisterType.F64, RegisterType.I64, Operand));

    /// <summary>The nearest float32.</summary>
    public F32 Rounded => new(KernelBuilder.Current.Emit(Operation.Convert, RegisterType.F64, RegisterType.F32, Operand));

    /// <summary>The square root.</summary>
    public F64 SquareRoot => new(KernelBuilder.Current.Emit(Operation.SquareRoot, RegisterType.F64, Operand));

    /// <summary>One of two.</summary>
    public static F64 Choose(Flag condition, F64 then, F64 otherwise) =>
        new(KernelBuilder.Current.Emit(Operation.Select, RegisterType.F64, condition.Operand, then.Operand, otherwise.Operand));

    public static F64 WhereLess(F64 left, F64 right, F64 then, F64 otherwise) => Choose(left < right, then, otherwise);

    public static F64 Exponent(F64 value) => Of((value.Bits >> Double1.ExponentPlace).Low - Double1.Bias);

    public static F64 Mantissa(F64 value) => OfBits((value.Bits & (ulong)Double1.Fraction) | (ulong)Double1.One);

    private static F64 Of(Operation operation, F64 left, F64 right) =>
        new(KernelBuilder.Current.Emit(operation, RegisterType.F64, left.Operand, right.Operand));
}
