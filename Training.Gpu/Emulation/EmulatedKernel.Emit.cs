using System.Reflection.Emit;
using Orleans.Tbptt.Training.Gpu.Code;

namespace Orleans.Tbptt.Training.Gpu.Emulation;

/// <content>One instruction after the other.</content>
internal sealed partial class EmulatedKernel
{
    private void Emit(Instruction one)
    {
        switch (one.Operation)
        {
            case Operation.Label:
                _il.MarkLabel(LabelOf(one.A));
                return;
            case Operation.Branch:
                _il.Emit(OpCodes.Br, LabelOf(one.A));
                return;
            case Operation.BranchUnless:
                Push(one.A);
                _il.Emit(OpCodes.Brfalse, LabelOf(one.B));
                return;
            case Operation.Exit:
                _il.Emit(OpCodes.Ldc_I4, Ended);
                _il.Emit(OpCodes.Ret);
                return;
            case Operation.Store or Operation.StoreShared:
                Address(one, one.Operation == Operation.StoreShared);
                Push(one.C);
                StoreTo(one.Type);
                return;
            default:
                Value(one);
                _il.Emit(OpCodes.Stloc, _locals[one.Result.Register]);
                return;
        }
    }

    private void Value(Instruction one)
    {
        switch (one.Operation)
        {
            case Operation.Move:
                Push(one.A);
                return;
            case Operation.Add:
                Binary(one, OpCodes.Add);
                return;
            case Operation.Subtract:
                Binary(one, OpCodes.Sub);
                return;
            case Operation.Multiply:
                Binary(one, OpCodes.Mul);
                return;
            case Operation.Divide:
                Binary(one, OpCodes.Div);
                return;
            case Operation.Remainder:
                Binary(one, OpCodes.Rem);
                return;
            case Operation.And:
                Binary(one, OpCodes.And);
                return;
            case Operation.Or:
                Binary(one, OpCodes.Or);
                return;
            case Operation.Xor:
                Binary(one, OpCodes.Xor);
                return;
            case Operation.ShiftLeft:
                Binary(one, OpCodes.Shl);
                return;
            case Operation.ShiftRight:
                Binary(one, OpCodes.Shr_Un);
                return;
            case Operation.ShiftRightArithmetic:
                Binary(one, OpCodes.Shr);
                return;
            case Operation.Negate:
                Push(one.A);
                _il.Emit(OpCodes.Neg);
                return;
            case Operation.SquareRoot:
                Push(one.A);
                _il.Emit(OpCodes.Call, SquareRoot);
                return;
            case Operation.FusedMultiplyAdd:
                Push(one.A);
                Push(one.B);
                Push(one.C);
                _il.Emit(OpCodes.Call, one.Type == RegisterType.F32 ? FusedSingle : FusedDouble);
                return;
            case Operation.WideMultiplyAdd:
                Push(one.A);
                _il.Emit(OpCodes.Conv_I8);
                Push(one.B);
                _il.Emit(OpCodes.Conv_I8);
                _il.Emit(OpCodes.Mul);
                Push(one.C);
                _il.Emit(OpCodes.Add);
                return;
            case Operation.Convert:
                Push(one.A);
                Convert(one.Type, one.Result.Type);
                return;
            case Operation.Reinterpret:
                Push(one.A);
                _il.Emit(OpCodes.Call, typeof(BitConverter).GetMethod(Reinterpreter(one.Type))!);
                return;
            case Operation.Less:
                Binary(one, one.Type == RegisterType.I64 ? OpCodes.Clt_Un : OpCodes.Clt);
                return;
            case Operation.LessOrEqual:
                // Of whole numbers alone: not greater.
                Binary(one, OpCodes.Cgt);
                Not();
                return;
            case Operation.Equal:
                Binary(one, OpCodes.Ceq);
                return;
            case Operation.NotEqual:
                Binary(one, OpCodes.Ceq);
                Not();
                return;
            case Operation.Select:
                Select(one);
                return;
            case Operation.RoundTf32:
                Push(one.A);
                _il.Emit(OpCodes.Call, Tf32);
                return;
            case Operation.PackBfloat16:
                Push(one.A);
                Push(one.B);
                _il.Emit(OpCodes.Call, Bfloat16Pair);
                return;
            case Operation.Parameter:
                Field(nameof(ThreadPlace.Parameters));
                _il.Emit(OpCodes.Ldc_I4, (int)one.A.Bits * sizeof(long));
                _il.Emit(OpCodes.Add);
                LoadFrom(one.Type);
                return;
            case Operation.Load or Operation.LoadShared:
                Address(one, one.Operation == Operation.LoadShared);
                LoadFrom(one.Type);
                return;
            case Operation.SharedBase:
                _il.Emit(OpCodes.Ldc_I4_0);
                return;
            default:
                Field(Enum.GetName(one.Operation) is "ThreadIndex" ? nameof(ThreadPlace.Thread) : Enum.GetName(one.Operation)!);
                return;
        }
    }

    private void Select(Instruction one)
    {
        Label otherwise = _il.DefineLabel(), end = _il.DefineLabel();
        Push(one.A);
        _il.Emit(OpCodes.Brfalse, otherwise);
        Push(one.B);
        _il.Emit(OpCodes.Stloc, _locals[one.Result.Register]);
        _il.Emit(OpCodes.Br, end);
        _il.MarkLabel(otherwise);
        Push(one.C);
        _il.Emit(OpCodes.Stloc, _locals[one.Result.Register]);
        _il.MarkLabel(end);
        _il.Emit(OpCodes.Ldloc, _locals[one.Result.Register]);
    }

    private void Binary(Instruction one, OpCode code)
    {
        Push(one.A);
        Push(one.B);
        _il.Emit(code);
        if (one.Result.Type == RegisterType.F32)
            _il.Emit(OpCodes.Conv_R4);
    }

    private void Convert(RegisterType from, RegisterType to) => _il.Emit((from, to) switch
    {
        (RegisterType.F32, RegisterType.I32) => OpCodes.Conv_I4,
        (_, RegisterType.F64) => OpCodes.Conv_R8,
        (_, RegisterType.F32) => OpCodes.Conv_R4,
        (_, RegisterType.I64) => OpCodes.Conv_I8,
        _ => OpCodes.Conv_I4,
    });

    private static string Reinterpreter(RegisterType from) => from switch
    {
        RegisterType.F32 => nameof(BitConverter.SingleToInt32Bits),
        RegisterType.I32 => nameof(BitConverter.Int32BitsToSingle),
        RegisterType.F64 => nameof(BitConverter.DoubleToInt64Bits),
        _ => nameof(BitConverter.Int64BitsToDouble),
    };

    private void Not()
    {
        _il.Emit(OpCodes.Ldc_I4_0);
        _il.Emit(OpCodes.Ceq);
    }

    /// <summary>Pushes an address, checked to lie in memory that was allocated.</summary>
    private void Address(Instruction one, bool isShared)
    {
        if (isShared)
            Field(nameof(ThreadPlace.Shared));
        Push(one.A);
        _il.Emit(isShared ? OpCodes.Conv_I : OpCodes.Conv_I8);
        if (isShared)
            _il.Emit(OpCodes.Add);
        _il.Emit(OpCodes.Ldc_I4, (int)one.B.Bits);
        if (!isShared)
            _il.Emit(OpCodes.Conv_I8);
        _il.Emit(OpCodes.Add);
        if (isShared)
            return;
        _il.Emit(OpCodes.Ldc_I4, one.Type is RegisterType.I64 or RegisterType.F64 ? sizeof(long) : sizeof(int));
        _il.Emit(OpCodes.Call, Check);
    }

    private void Push(Operand operand)
    {
        if (!operand.IsConstant)
            _il.Emit(OpCodes.Ldloc, _locals[operand.Register]);
        else if (operand.Type == RegisterType.F32)
            _il.Emit(OpCodes.Ldc_R4, BitConverter.UInt32BitsToSingle((uint)operand.Bits));
        else if (operand.Type == RegisterType.F64)
            _il.Emit(OpCodes.Ldc_R8, BitConverter.Int64BitsToDouble(operand.Bits));
        else if (operand.Type == RegisterType.I64)
            _il.Emit(OpCodes.Ldc_I8, operand.Bits);
        else
            _il.Emit(OpCodes.Ldc_I4, (int)operand.Bits);
    }

    private void LoadFrom(RegisterType type) => _il.Emit(type switch
    {
        RegisterType.F32 => OpCodes.Ldind_R4,
        RegisterType.F64 => OpCodes.Ldind_R8,
        RegisterType.I64 => OpCodes.Ldind_I8,
        _ => OpCodes.Ldind_I4,
    });

    private void StoreTo(RegisterType type) => _il.Emit(type switch
    {
        RegisterType.F32 => OpCodes.Stind_R4,
        RegisterType.F64 => OpCodes.Stind_R8,
        RegisterType.I64 => OpCodes.Stind_I8,
        _ => OpCodes.Stind_I4,
    });

    private void Field(string name)
    {
        _il.Emit(OpCodes.Ldarg_0);
        _il.Emit(OpCodes.Ldfld, typeof(ThreadPlace).GetField(name)!);
    }
}
