namespace Orleans.Tbptt.Training.Gpu.Code;

/// <summary>What a register of a kernel holds.</summary>
internal enum RegisterType
{
    /// <summary>A predicate.</summary>
    Bool,

    /// <summary>A whole number of 32 bits.</summary>
    I32,

    /// <summary>A whole number of 64 bits, or an address in global memory.</summary>
    I64,

    /// <summary>A float32.</summary>
    F32,

    /// <summary>A float64.</summary>
    F64,

    /// <summary>32 bits that a product of a warp reads: a number of TF32, or two of bfloat16.</summary>
    B32,
}

/// <summary>
/// What an instruction does. Every one but the products of a warp is exactly defined: numbers are IEEE 754, rounded once to nearest, ties
/// to even, and subnormal numbers are kept.
/// </summary>
internal enum Operation
{
    Move, Add, Subtract, Multiply, Divide, Negate, SquareRoot, FusedMultiplyAdd,

    /// <summary>a · b + c of whole numbers, a and b of 32 bits, c and the result of 64.</summary>
    WideMultiplyAdd,

    /// <summary>The remainder of a division of whole numbers that are not negative.</summary>
    Remainder,
    And, Or, Xor, ShiftLeft, ShiftRight, ShiftRightArithmetic,

    /// <summary>To the type of the result: to whole numbers towards zero, NaN to 0; from float64 to float32 to the nearest.</summary>
    Convert,

    /// <summary>The same bits as another type of the same length.</summary>
    Reinterpret,

    /// <summary>Comparisons of two operands of <see cref="Instruction.Type"/>; false where one is a NaN, except for NotEqual.</summary>
    Less, LessOrEqual, Equal, NotEqual,

    /// <summary>b where the predicate a holds, otherwise c.</summary>
    Select,

    /// <summary>A parameter of the kernel, by its number.</summary>
    Parameter,

    /// <summary>Of global memory: address a, offset in bytes b; a store's value is c.</summary>
    Load, Store,

    /// <summary>Of the block's shared memory.</summary>
    LoadShared, StoreShared,

    /// <summary>The address of the block's shared memory.</summary>
    SharedBase, ThreadIndex, BlockX, BlockY, BlocksX, BlocksY,

    /// <summary>A place that branches name, by its number.</summary>
    Label, Branch,

    /// <summary>To a label where the predicate a does not hold.</summary>
    BranchUnless,

    /// <summary>Every thread of the block waits for the others; what they stored before is seen behind it.</summary>
    Barrier,

    /// <summary>Every thread of the grid, which is launched as one whole; a is the address of a counter of 32 bits, b that of the blocks
    /// that must have arrived.</summary>
    GridBarrier, Exit,

    /// <summary>To the nearest TF32, ties away from zero: its sign, 8 bits of exponent and 10 of mantissa are the upper 19 bits.</summary>
    RoundTf32,

    /// <summary>To the nearest bfloat16, ties to even: a in the upper half, b in the lower one.</summary>
    PackBfloat16,

    /// <summary>
    /// The only ones of a warp: sums = a · b + sums, [16, 8] = [16, k] · [k, 8], of numbers of TF32, k = 8, or bfloat16, k = 16. Of the
    /// result's 4 registers, a's 4 and b's 2 the operands name the first ones. Products are exact; in which order, and how precisely, a
    /// device adds them up to float32 is not defined.
    /// </summary>
    ProductTf32, ProductBfloat16,
}

/// <summary>A register, or a constant.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Register">The register's number; −1 for a constant.</param>
/// <param name="Bits">A constant's bits.</param>
internal readonly record struct Operand(RegisterType Type, int Register, long Bits)
{
    /// <summary>Whether it is a constant.</summary>
    public bool IsConstant => Register < 0;

    /// <summary>A register so many behind this one.</summary>
    public Operand Next(int further) => this with { Register = Register + further };

    public static Operand Of(int value) => new(RegisterType.I32, -1, value);

    public static Operand Of(long value) => new(RegisterType.I64, -1, value);

    public static Operand Of(float value) => new(RegisterType.F32, -1, BitConverter.SingleToUInt32Bits(value));

    public static Operand Of(double value) => new(RegisterType.F64, -1, BitConverter.DoubleToInt64Bits(value));
}

/// <summary>One instruction of a kernel.</summary>
/// <param name="Operation">What it does.</param>
/// <param name="Type">The type it works on: of the operands of a comparison, of the result of all else.</param>
/// <param name="Result">The register that receives the result; of no meaning where there is none.</param>
/// <param name="A">The first operand.</param>
/// <param name="B">The second one.</param>
/// <param name="C">The third one.</param>
internal readonly record struct Instruction(Operation Operation, RegisterType Type, Operand Result, Operand A, Operand B, Operand C)
{
    /// <summary>Registers of a thread that hold its part of a warp's left factor, of the right one, and of the sums.</summary>
    public const int LeftRegisters = 4, RightRegisters = 2, SumRegisters = 4;

    private const int WarpRegisters = LeftRegisters + RightRegisters + SumRegisters;

    /// <summary>Whether it ends a run of instructions that are always executed one after the other.</summary>
    public bool EndsBlock => IsOfWarp || Operation is Operation.Label or Operation.Branch or Operation.BranchUnless or Operation.Barrier
        or Operation.GridBarrier or Operation.Exit;

    /// <summary>Whether it is a product that all threads of a warp compute together.</summary>
    public bool IsOfWarp => Operation is Operation.ProductTf32 or Operation.ProductBfloat16;

    /// <summary>How many of its operands are registers or constants that it reads.</summary>
    public int Reads => Operation switch
    {
        Operation.ProductTf32 or Operation.ProductBfloat16 => WarpRegisters,
        Operation.RoundTf32 => 1,
        Operation.Move or Operation.Negate or Operation.SquareRoot or Operation.Convert or Operation.Reinterpret => 1,
        Operation.BranchUnless => 1,
        Operation.Load or Operation.LoadShared => 1,
        Operation.FusedMultiplyAdd or Operation.WideMultiplyAdd or Operation.Select or Operation.Store or Operation.StoreShared => 3,
        Operation.Parameter or Operation.SharedBase or Operation.ThreadIndex or Operation.BlockX or Operation.BlockY
            or Operation.BlocksX or Operation.BlocksY or Operation.Label or Operation.Branch or Operation.Barrier or Operation.Exit => 0,
        _ => 2,
    };

    /// <summary>One of the operands that it reads.</summary>
    public Operand Read(int index) => !IsOfWarp ? index == 0 ? A : index == 1 ? B : C
        : index < LeftRegisters ? A.Next(index) : index < LeftRegisters + RightRegisters ? B.Next(index - LeftRegisters)
        : Result.Next(index - LeftRegisters - RightRegisters);

    /// <summary>Whether it has a result, other than sums that it reads as well.</summary>
    public bool HasResult => !EndsBlock && Operation is not (Operation.Store or Operation.StoreShared);
}
