using System.Security.Cryptography;
using System.Text;

namespace Orleans.Tbptt.Training.Gpu.Code;

/// <summary>
/// Builds a kernel: while one is built on a thread, operators of <see cref="Int"/>, <see cref="F32"/> and the others append instructions to
/// it, in the order in which C# evaluates them.
/// </summary>
internal sealed unsafe class KernelBuilder
{
    // A traced pointer is the number of its base, plus 1, above these bits, and an offset in bytes below them.
    private const int OffsetBits = 40;

    [ThreadStatic]
    private static KernelBuilder? _current;

    private readonly List<Instruction> _instructions = [];
    private readonly List<RegisterType> _registers = [];
    private readonly List<RegisterType> _parameters = [];
    private readonly List<Operand> _bases = [];
    private readonly Dictionary<long, F32> _known = [];
    private int _labels;
    private int _sharedBytes;

    private KernelBuilder()
    {
    }

    /// <summary>The one of this thread.</summary>
    public static KernelBuilder Current => _current ?? throw new InvalidOperationException("no kernel is being built on this thread");

    /// <summary>The thread within its block.</summary>
    public Int Thread => new(Emit(Operation.ThreadIndex, RegisterType.I32));

    /// <summary>The block, and how many there are.</summary>
    public Int BlockX => new(Emit(Operation.BlockX, RegisterType.I32));

    /// <inheritdoc cref="BlockX"/>
    public Int BlockY => new(Emit(Operation.BlockY, RegisterType.I32));

    /// <inheritdoc cref="BlockX"/>
    public Int BlocksX => new(Emit(Operation.BlocksX, RegisterType.I32));

    /// <inheritdoc cref="BlockX"/>
    public Int BlocksY => new(Emit(Operation.BlocksY, RegisterType.I32));

    /// <summary>Builds a kernel.</summary>
    /// <param name="name">What its name begins with; a hash of its instructions follows, because a name always means the same code.</param>
    /// <param name="threads">Threads of a block at most.</param>
    /// <param name="build">Builds its code.</param>
    public static KernelCode Build(string name, int threads, Action<KernelBuilder> build)
    {
        var (outer, builder) = (_current, new KernelBuilder());
        _current = builder;
        try
        {
            build(builder);
            builder.Append(Operation.Exit);
            if (builder._sharedBytes > KernelCode.MostSharedBytes)
                throw new InvalidOperationException($"kernel {name}: {builder._sharedBytes} bytes of shared memory, expected 48 KiB");
            return new(
                $"{name}_{builder.Hash()}", builder._parameters, builder._instructions, builder._registers, builder._sharedBytes, threads);
        }
        finally
        {
            _current = outer;
        }
    }

    /// <summary>The next parameter.</summary>
    public Int IntParameter() => new(Parameter(RegisterType.I32));

    /// <inheritdoc cref="IntParameter"/>
    public Word WordParameter() => new(Parameter(RegisterType.I64));

    /// <inheritdoc cref="IntParameter"/>
    public F32 FloatParameter() => new(Parameter(RegisterType.F32));

    /// <inheritdoc cref="IntParameter"/>
    public Pointer PointerParameter() => new(Parameter(RegisterType.I64));

    /// <summary>Numbers in the block's shared memory.</summary>
    public Shared Share(int numbers)
    {
        int offset = _sharedBytes;
        _sharedBytes += numbers * sizeof(float);
        return new(Emit(Operation.SharedBase, RegisterType.I32), offset);
    }

    /// <summary>Numbers of 64 bits in the block's shared memory.</summary>
    public SharedDoubles ShareDoubles(int numbers)
    {
        int offset = (_sharedBytes + sizeof(double) - 1) / sizeof(double) * sizeof(double);
        _sharedBytes = offset + (numbers * sizeof(double));
        return new(Emit(Operation.SharedBase, RegisterType.I32), offset);
    }

    /// <summary>Waits for every thread of the block.</summary>
    public void Barrier() => Append(Operation.Barrier);

    /// <summary>Waits for every thread of the grid.</summary>
    /// <param name="counter">A counter of arrivals, 0 at the launch.</param>
    /// <param name="arrivals">What it must have reached: that of the barrier before, and the grid's blocks.</param>
    public void GridBarrier(Pointer counter, Int arrivals) =>
        Append(Operation.GridBarrier, a: counter.Address, b: arrivals.Operand);

    /// <summary>A register of its own that begins with a value, for <see cref="Assign(F32, F32)"/>.</summary>
    public F32 Variable(F32 value) => new(Emit(Operation.Move, RegisterType.F32, value.Operand));

    /// <inheritdoc cref="Variable(F32)"/>
    public F64 DoubleVariable(F64 value) => new(Emit(Operation.Move, RegisterType.F64, value.Operand));

    /// <inheritdoc cref="Variable(F32)"/>
    public Int Variable(Int value) => new(Emit(Operation.Move, RegisterType.I32, value.Operand));

    /// <summary>Gives a register of <see cref="Variable(F32)"/> another value.</summary>
    public void Assign(F32 variable, F32 value) => Set(variable.Operand, value.Operand);

    /// <inheritdoc cref="Assign(F32, F32)"/>
    public void Assign(F64 variable, F64 value) => Set(variable.Operand, value.Operand);

    /// <inheritdoc cref="Assign(F32, F32)"/>
    public void Assign(Int variable, Int value) => Set(variable.Operand, value.Operand);

    /// <summary>Registers one after another, for a product of a warp.</summary>
    public Operand Registers(RegisterType type, int count)
    {
        var first = new Operand(type, _registers.Count, 0);
        _registers.AddRange(Enumerable.Repeat(type, count));
        return first;
    }

    /// <summary>Gives one of these registers a value.</summary>
    public void Assign(Operand register, F32 value) => Set(register, value.Operand);

    /// <summary>Loads one of these registers from shared memory, so many numbers further on.</summary>
    public void Load(Operand register, Shared from, int index) => _instructions.Add(
        new(Operation.LoadShared, register.Type, register, from.Base, Operand.Of(from.Offset + (index * sizeof(float))), default));

    /// <summary>sums = left · right + sums, of all threads of a warp.</summary>
    public void Multiply(Operation product, Operand sums, Operand left, Operand right) =>
        _instructions.Add(new(product, RegisterType.F32, sums, left, right, default));

    /// <summary>Executes a part where a condition holds.</summary>
    public void If(Flag condition, Action then)
    {
        int end = _labels++;
        Append(Operation.BranchUnless, a: condition.Operand, b: Operand.Of(end));
        then();
        Append(Operation.Label, a: Operand.Of(end));
    }

    /// <summary>Executes a part for first, first + step, … below end.</summary>
    public void For(Int first, Int end, Int step, Action<Int> body)
    {
        var at = Variable(first);
        int top = _labels++, behind = _labels++;
        Append(Operation.Label, a: Operand.Of(top));
        Append(Operation.BranchUnless, a: (at < end).Operand, b: Operand.Of(behind));
        body(at);
        Assign(at, at + step);
        Append(Operation.Branch, a: Operand.Of(top));
        Append(Operation.Label, a: Operand.Of(behind));
    }

    /// <summary>
    /// An address that code over <c>float*</c> can be traced with: what is loaded from it and stored to it becomes instructions. What a
    /// trace has stored, it does not load again.
    /// </summary>
    public float* Trace(Pointer pointer)
    {
        _bases.Add(pointer.Address);
        return (float*)((long)_bases.Count << OffsetBits);
    }

    /// <summary>An address for a trace at which there is no memory: what is stored there is known to the trace alone.</summary>
    public float* TraceRegister()
    {
        _bases.Add(default);
        return (float*)((long)_bases.Count << OffsetBits);
    }

    /// <summary>Lets a trace find a number that memory does not hold: what it loads from there is this value.</summary>
    public void Hold(float* traced, F32 value) => _known[(long)traced] = value;

    /// <summary>Ends traces: what they know about memory holds no longer.</summary>
    public void EndTraces() => _known.Clear();

    /// <summary>Loads what a traced pointer points to.</summary>
    public F32 LoadTraced(float* traced)
    {
        if (!_known.TryGetValue((long)traced, out var value))
        {
            var (address, offset) = Resolve(traced);
            _known[(long)traced] = value = new(Emit(Operation.Load, RegisterType.F32, address, offset));
        }

        return value;
    }

    /// <summary>Stores to where a traced pointer points.</summary>
    public void StoreTraced(float* traced, F32 value)
    {
        var (address, offset) = Resolve(traced);
        _known[(long)traced] = value;
        if (address == default)
            return;
        Append(Operation.Store, RegisterType.F32, a: address, b: offset, c: value.Operand);
    }

    /// <summary>Appends an instruction with a result in a new register.</summary>
    public Operand Emit(Operation operation, RegisterType type, Operand a = default, Operand b = default, Operand c = default) =>
        Emit(operation, type, type, a, b, c);

    /// <summary>The same of a comparison or a conversion, whose result has another type.</summary>
    public Operand Emit(Operation operation, RegisterType type, RegisterType result, Operand a, Operand b = default, Operand c = default)
    {
        var register = new Operand(result, _registers.Count, 0);
        _registers.Add(result);
        _instructions.Add(new(operation, type, register, a, b, c));
        return register;
    }

    /// <summary>Appends an instruction without a result.</summary>
    public void Append(Operation operation, RegisterType type = default, Operand a = default, Operand b = default, Operand c = default) =>
        _instructions.Add(new(operation, type, default, a, b, c));

    private string Hash()
    {
        string text = string.Join('\n', _instructions);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 6));
    }

    private void Set(Operand register, Operand value) =>
        _instructions.Add(new(Operation.Move, register.Type, register, value, default, default));

    private Operand Parameter(RegisterType type)
    {
        _parameters.Add(type);
        return Emit(Operation.Parameter, type, Operand.Of(_parameters.Count - 1));
    }

    private (Operand Address, Operand Offset) Resolve(float* traced)
    {
        long bits = (long)traced;
        int number = (int)(bits >> OffsetBits) - 1;
        if (number < 0 || number >= _bases.Count)
            throw new InvalidOperationException("a pointer that was not made for this trace");
        return (_bases[number], Operand.Of((int)(bits & ((1L << OffsetBits) - 1))));
    }
}
