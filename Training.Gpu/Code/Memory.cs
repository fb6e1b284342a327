namespace Orleans.Tbptt.Training.Gpu.Code;

/// <summary>An address in global memory, in a kernel that is being built.</summary>
internal readonly record struct Pointer(Operand Address)
{
    /// <summary>Whether there is one.</summary>
    public Flag Exists => new(
        KernelBuilder.Current.Emit(Operation.NotEqual, RegisterType.I64, RegisterType.Bool, Address, Operand.Of(0L)));

    /// <summary>The address so many numbers of 32 bits further on.</summary>
    public Pointer At(Int index) => Further(index, sizeof(float));

    /// <summary>A float32.</summary>
    public F32 this[Int index] => new(Load(index, RegisterType.F32, sizeof(float)));

    /// <summary>A whole number.</summary>
    public Int IntAt(Int index) => new(Load(index, RegisterType.I32, sizeof(int)));

    /// <summary>A float64.</summary>
    public F64 DoubleAt(Int index) => new(Load(index, RegisterType.F64, sizeof(double)));

    /// <summary>A word of 64 bits.</summary>
    public Word WordAt(Int index) => new(Load(index, RegisterType.I64, sizeof(long)));

    /// <summary>Stores a float32.</summary>
    public void Store(Int index, F32 value) => Store(index, value.Operand, sizeof(float));

    /// <summary>Stores a float64.</summary>
    public void Store(Int index, F64 value) => Store(index, value.Operand, sizeof(double));

    private void Store(Int index, Operand value, int size)
    {
        var (address, offset) = Place(index, size);
        KernelBuilder.Current.Append(Operation.Store, value.Type, a: address, b: offset, c: value);
    }

    private Operand Load(Int index, RegisterType type, int size)
    {
        var (address, offset) = Place(index, size);
        return KernelBuilder.Current.Emit(Operation.Load, type, address, offset);
    }

    private (Operand Address, Operand Offset) Place(Int index, int size) => index.Operand.IsConstant
        ? (Address, Operand.Of((int)index.Operand.Bits * size)) : (Further(index, size).Address, Operand.Of(0));

    private Pointer Further(Int index, int size) => new(index.Operand.IsConstant
        ? KernelBuilder.Current.Emit(Operation.Add, RegisterType.I64, Address, Operand.Of(index.Operand.Bits * size))
        : KernelBuilder.Current.Emit(Operation.WideMultiplyAdd, RegisterType.I64, index.Operand, Operand.Of(size), Address));
}

/// <summary>Numbers in a block's shared memory, in a kernel that is being built.</summary>
/// <param name="Base">The address of the block's shared memory.</param>
/// <param name="Offset">The offset of these numbers, in bytes.</param>
internal readonly record struct Shared(Operand Base, int Offset)
{
    /// <summary>The numbers from one on.</summary>
    public Shared At(Int index) => new(
        ((new Int(Base)) + (index << 2)).Operand, Offset);

    /// <summary>A number at a fixed distance.</summary>
    public F32 this[int index] => new(
        KernelBuilder.Current.Emit(Operation.LoadShared, RegisterType.F32, Base, Operand.Of(Offset + (index * sizeof(float)))));

    /// <summary>A number.</summary>
    public F32 this[Int index] => At(index)[0];

    /// <summary>Stores a number.</summary>
    public void Store(Int index, F32 value) => Store(index, value.Operand);

    /// <summary>Stores a register of 32 bits.</summary>
    public void Store(Int index, Operand value) => KernelBuilder.Current.Append(
        Operation.StoreShared, value.Type, a: At(index).Base, b: Operand.Of(Offset), c: value);
}

/// <summary>Numbers of 64 bits in a block's shared memory, in a kernel that is being built.</summary>
/// <param name="Base">The address of the block's shared memory.</param>
/// <param name="Offset">The offset of these numbers, in bytes.</param>
internal readonly record struct SharedDoubles(Operand Base, int Offset)
{
    /// <summary>A number.</summary>
    public F64 this[Int index] =>
        new(KernelBuilder.Current.Emit(Operation.LoadShared, RegisterType.F64, At(index), Operand.Of(Offset)));

    /// <summary>Stores a number.</summary>
    public void Store(Int index, F64 value) => KernelBuilder.Current.Append(
        Operation.StoreShared, RegisterType.F64, a: At(index), b: Operand.Of(Offset), c: value.Operand);

    private Operand At(Int index) => (new Int(Base) + (index << 3)).Operand;
}
